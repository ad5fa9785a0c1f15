#include "lab/experiment.hpp"
namespace headroom::lab {
Result<Outcomes> run_greedy(const Bench&, const Scenario&s, const RunOptions&) {return fail(Errc::io,s.name,"stub");}
Result<Outcomes> run_startup(const Bench&, const Scenario&s, const RunOptions&) {return fail(Errc::io,s.name,"stub");}
Result<Outcomes> run_wakeup(const Bench&, const Scenario&s, const RunOptions&) {return fail(Errc::io,s.name,"stub");}
}
