#include "lab/sim/loads.hpp"

#include <algorithm>

namespace headroom::lab::sim {
namespace {

constexpr Ns kSpinSlice = 20'000'000;    // as lab/worker.cpp: so that the end is seen

Step work(Ns cpu) { return {Step::Kind::work, cpu}; }
Step sleep_until(Ns at) { return {Step::Kind::sleep, at}; }
Step wait() { return {Step::Kind::wait, 0}; }

/// Moves a due time out of the idle part of its cycle: a cycle is idle first.
Ns next_active(const Load& load, Ns begin, Ns due) {
  const Ns every = load.every.count();
  if (every == 0) return due;
  const Ns idle = every - load.active.count();
  return (due - begin) % every >= idle ? due : begin + (due - begin) / every * every + idle;
}

Ns share_of(const Load& load, int threads) {
  switch (load.kind) {
    case LoadKind::sleep: return 0;
    case LoadKind::burst:
    case LoadKind::request: return load.cpu.count();
    case LoadKind::spin: return kSpinSlice;
    case LoadKind::job: return load.cpu.count() / threads;
  }
  return 0;
}

}  // namespace

Loads::Id Loads::add(GroupId group, const Load& load, std::uint64_t seed, Urgency urgency, int cpu) {
  const auto id = static_cast<Id>(workers_.size());
  Worker& w = workers_.emplace_back();
  const int threads = load.threads > 0 ? load.threads : kernel_->machine().cpus;
  w.load = load;
  w.random = Random(seed);
  w.share = share_of(load, threads);
  for (int i = 0; i < threads; ++i) {
    const ThreadId thread = kernel_->spawn(group, cpu, urgency);
    owner_.resize(std::max<std::size_t>(owner_.size(), thread + 1));
    owner_[thread] = id;
    w.threads.push_back(thread);
  }
  if (load.kind == LoadKind::sleep) w.phase = Phase::over;
  return id;
}

void Loads::begin(Id load, Ns at, Ns end) {
  Worker& w = workers_[load];
  w.end = end;
  w.begin = at;
  if (w.phase == Phase::before) kernel_->wake_at(w.threads.front(), at);
}

void Loads::kill(Id load) {
  for (const ThreadId t : workers_[load].threads) kernel_->kill(t);
}
void Loads::pause(Id load) {
  for (const ThreadId t : workers_[load].threads) kernel_->pause(t);
}
void Loads::resume(Id load) {
  for (const ThreadId t : workers_[load].threads) kernel_->resume(t);
}

Step Loads::next(ThreadId thread, Ns now) {
  Worker& w = workers_[owner_[thread]];
  return thread == w.threads.front() ? lead(w, now) : help(w, thread);
}

Step Loads::help(Worker& w, ThreadId helper) {
  if (--w.helping == 0 && w.phase == Phase::joining) kernel_->wake(w.threads.front(), 0, helper);
  return wait();
}

Step Loads::lead(Worker& w, Ns now) {
  switch (w.phase) {
    case Phase::before: return first_step(w, now);
    case Phase::pausing:
      if (now < w.end) return work_together(w, now);
      w.phase = Phase::over;
      return wait();
    case Phase::due:
      w.phase = Phase::burning;
      return work(w.share);
    case Phase::burning:
      if (w.helping == 0) return after_work(w, now);
      w.phase = Phase::joining;
      return wait();
    case Phase::joining: return after_work(w, now);
    case Phase::over: return wait();
  }
  return wait();
}

Step Loads::first_step(Worker& w, Ns now) {
  switch (w.load.kind) {
    case LoadKind::sleep: return wait();
    case LoadKind::burst: return pause_before_burst(w, now);
    case LoadKind::request:
      w.due = w.begin;
      return next_request(w, now);
    case LoadKind::spin:
    case LoadKind::job: return work_together(w, now);
  }
  return wait();
}

Step Loads::after_work(Worker& w, Ns now) {
  if (w.load.kind != LoadKind::spin) w.log.push_back({w.due, now});
  switch (w.load.kind) {
    case LoadKind::burst: return pause_before_burst(w, now);
    case LoadKind::request: return next_request(w, now);
    case LoadKind::spin:
      if (now < w.end) return work_together(w, now);
      break;
    case LoadKind::sleep:
    case LoadKind::job: break;
  }
  w.phase = Phase::over;
  return wait();
}

Step Loads::pause_before_burst(Worker& w, Ns now) {
  w.phase = Phase::pausing;
  return sleep_until(now + static_cast<Ns>(w.random.around(static_cast<double>(w.load.pause.count()))));
}

Step Loads::work_together(Worker& w, Ns now) {
  w.due = now;
  w.phase = Phase::burning;
  w.helping = static_cast<int>(w.threads.size()) - 1;
  for (std::size_t i = 1; i < w.threads.size(); ++i) kernel_->wake(w.threads[i], w.share, w.threads.front());
  return work(w.share);
}

Step Loads::next_request(Worker& w, Ns now) {
  w.due = next_active(w.load, w.begin, w.due + static_cast<Ns>(w.random.exponential(1e9 / w.load.rate)));
  if (w.due >= w.end) {
    w.phase = Phase::over;
    return wait();
  }
  w.phase = w.due > now ? Phase::due : Phase::burning;
  return w.due > now ? sleep_until(w.due) : work(w.share);
}

}  // namespace headroom::lab::sim
