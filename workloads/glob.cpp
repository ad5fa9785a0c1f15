#include <vector>

#include "workloads/identity.hpp"

namespace headroom {
namespace {

enum class Step { literal, within_segment, any_text, any_segments };

/// Takes one step off the pattern. `**/` at the begin of a segment stands for any number of whole segments, also none.
Step take_step(std::string_view& glob, bool at_segment_begin) {
  std::size_t length = 1;
  Step step = glob[0] == '*' ? Step::within_segment : Step::literal;
  if (glob.starts_with("**")) {
    length = 2;
    step = Step::any_text;
  }
  if (at_segment_begin && glob.starts_with("**/")) {
    length = 3;
    step = Step::any_segments;
  }
  glob.remove_prefix(length);
  return step;
}

}  // namespace

/// Carries the set of all prefixes of the path that the pattern read so far can match, so it never backtracks: names
/// below a container's runtime are chosen by tenants.
bool glob_matches(std::string_view glob, std::string_view path) {
  if (glob.starts_with('/')) glob.remove_prefix(1);
  if (path.starts_with('/')) path.remove_prefix(1);
  std::vector<char> now(path.size() + 1, 0);
  std::vector<char> next(path.size() + 1, 0);
  now[0] = 1;
  bool segment_begin = true;
  while (!glob.empty()) {
    const char wanted = glob[0];
    const Step step = take_step(glob, segment_begin);
    segment_begin = step == Step::any_segments || (step == Step::literal && wanted == '/');
    bool open = false;   // a wildcard that began at or before `end` may still go on
    for (std::size_t end = 0; end <= path.size(); ++end) {
      const char before = end == 0 ? '/' : path[end - 1];
      if (step == Step::within_segment && end > 0 && before == '/') open = false;
      next[end] = step == Step::literal ? static_cast<char>(end > 0 && now[end - 1] && before == wanted) : char{0};
      if (step == Step::any_segments) next[end] = static_cast<char>(now[end] || (open && before == '/'));
      open = open || now[end];
      if (step == Step::within_segment || step == Step::any_text) next[end] = static_cast<char>(open);
    }
    now.swap(next);
  }
  return now[path.size()] != 0;
}

}  // namespace headroom
