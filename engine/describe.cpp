#include "engine/describe.hpp"

#include <fmt/format.h>

namespace headroom {
namespace {

std::string cores(MilliCpu c) { return fmt::format("{}.{:02} cores", c.value / 1000, std::abs(c.value % 1000) / 10); }

std::string span_of(nanoseconds n) {
  if (n < seconds{1}) return fmt::format("{} ms", n / milliseconds{1});
  return fmt::format("{}.{} s", n / seconds{1}, n % seconds{1} / milliseconds{100});
}

std::string neighbour_of(const Reason& why, const Catalog& names) {
  const Group* g = names.find(why.neighbour);
  return g ? label_of(*g) : "a protected neighbour";
}

/// ", until …" where an end is set, else nothing.
std::string until(const Reason& why, TimePoint now) {
  if (why.expires.time_since_epoch().count() == 0) return "";
  return why.expires > now ? fmt::format(", for another {}", span_of(why.expires - now)) : ", which ends now";
}

/// "asked for 2.00 cores in all, 1.50 cores of 1.80 cores lendable granted"
std::string grant(const Reason& why) {
  return fmt::format("asked {}, got {} in all, with {} lendable", cores(why.asked), cores(why.granted),
                     cores(why.lendable));
}

std::string account(const Reason& why) { return fmt::format("{} of credit left", span_of(why.credit)); }

std::string predicted(const Reason& why, TimePoint now) {
  return fmt::format("runs at {}, so its quota would not last the period: {}{}; {}", cores(why.rate), grant(why),
                     until(why, now), account(why));
}

std::string starting(const Reason& why, TimePoint now) {
  return fmt::format("is in its first seconds: {}{}; {}", grant(why), until(why, now), account(why));
}

std::string going_on(const Reason& why, TimePoint now) {
  return fmt::format("still runs at {}: {}{}; {}", cores(why.rate), grant(why), until(why, now), account(why));
}

std::string burst_of_the_kernel(const Reason& why) {
  return fmt::format("has a kernel burst of at most half its quota, for what is shorter than a control period; {}",
                     account(why));
}

std::string lighter(const Reason& why, const Catalog& names) {
  return fmt::format("competes with {} at this level while claims exceed the {} lendable: its weight is lowered",
                     neighbour_of(why, names), cores(why.lendable));
}

std::string heavy_again(const Reason& why) {
  return fmt::format("has its own weight back: it runs at {} and asked for {}", cores(why.rate), cores(why.asked));
}

std::string harmful(const Reason& why, const Catalog& names) {
  return fmt::format("{} waited because of it: its {} were taken back", neighbour_of(why, names), cores(why.granted));
}

std::string gives_way(const Reason& why, const Catalog& names) {
  const std::string whom = why.neighbour == kNoSlot ? "others claim too" : neighbour_of(why, names) + " uses more of its own";
  return fmt::format("has no share for now, because {}: {}", whom, grant(why));
}

std::string spent(const Reason& why) {
  return fmt::format("its credit is spent ({}); it earns more while it stays below its limit", account(why));
}

std::string nothing_to_lend(const Reason& why) {
  return fmt::format("asks for {} at a rate of {}, and {} are lendable", cores(why.asked), cores(why.rate),
                     cores(why.lendable));
}

std::string content(const Reason& why) {
  return fmt::format("runs at {} and wants no more than its own {}", cores(why.rate), cores(why.granted));
}

std::string by_law(const Reason& why, std::string_view what) {
  return fmt::format("ran at {}: by the rule of its policy its limit is {} {}", cores(why.rate), what, cores(why.granted));
}

}  // namespace

std::string label_of(const Group& g) {
  if (g.pod.empty()) return g.container.empty() ? "/" + g.path : g.container;   // a plain Docker container has but its own name
  return g.ns + "/" + g.pod + (g.container.empty() ? "" : "/" + g.container);
}

std::string step_of(const Group& g) {
  if (!g.step) return {};
  const WorkflowStep& s = *g.step;
  std::string out;
  const auto add = [&out](std::string_view what, const std::string& text) {
    if (!text.empty()) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", what, text);
  };
  const auto number = [](const std::optional<int>& n) { return n ? fmt::format("{}", *n) : std::string{}; };
  add("component", s.component);
  if (s.labels.empty()) {
    add("workflow", s.workflow);
    add("step", s.step);
  }
  for (const auto& [label, value] : s.labels) add(label, value);
  add("template", s.template_name);
  add("member", s.member);
  add("slice", number(s.slice));
  add("attempt", number(s.attempt));
  const std::string engine = s.sub_engine.empty() ? s.engine : fmt::format("{} ({})", s.engine, s.sub_engine);
  return fmt::format("{}{}{}; {}", engine, engine.empty() ? "" : ": ", out, to_string(g.role));
}

std::string describe(const Reason& why, const Catalog& names, TimePoint now) {
  switch (why.because) {
    case Because::none: break;
    case Because::lend_predicted: return predicted(why, now);
    case Because::lend_start: return starting(why, now);
    case Because::lend_continues: return going_on(why, now);
    case Because::kernel_burst: return burst_of_the_kernel(why);
    case Because::weight_lowered: return lighter(why, names);
    case Because::weight_back: return heavy_again(why);
    case Because::shrink_share: return gives_way(why, names);
    case Because::end_idle: return fmt::format("runs at {}, below its own limit: the lease has ended", cores(why.rate));
    case Because::end_expired: return fmt::format("its lease has run out; {}", account(why));
    case Because::end_foreign: return "somebody else wrote in this pod: everything of ours in it was taken back";
    case Because::end_off: return "lending is switched off: everything is back at its owner's values";
    case Because::revoke_harm: return harmful(why, names);
    case Because::revoke_overload: return "the node is overloaded by protected work: everything lent was taken back";
    case Because::revoke_late: return "the control loop was late, so nothing stays lent until it is punctual again";
    case Because::revoke_blind: return "the node could not be observed, so nothing stays lent";
    case Because::refuse_class: return std::string(describe(why.bar));
    case Because::refuse_unlimited: return "it has no limit of its own, so there is nothing to lend";
    case Because::refuse_uncertain: return "its owner's limit is not certain yet: two readings 5 ms apart have to agree";
    case Because::refuse_hands_off: return "somebody else has written to it lately, so we keep our hands off";
    case Because::refuse_no_credit: return spent(why);
    case Because::refuse_no_lendable: return nothing_to_lend(why);
    case Because::refuse_load: return "the node's load allows no new lease (cooling, overload, unknown, or a late loop)";
    case Because::refuse_idle: return content(why);
    case Because::refuse_budget: return "the node's budget for hidden leases is spent; it waits for its turn";
    case Because::refuse_no_guard: return "no guard is up and no hidden lease is possible here";
    case Because::refuse_unread: return "its use has not been read: it has no usage counter, or it is too new";
    case Because::law_raise: return by_law(why, "raised to");
    case Because::law_lower: return by_law(why, "lowered to");
    case Because::law_hold: return by_law(why, "left at");
    case Because::law_burst: return fmt::format("has the kernel burst that the rule of its policy gives a limit of {}", cores(why.granted));
    case Because::put_right: return "its owner asked for another limit in vain while something of ours was in the way: his is put right";
    case Because::refuse_ceiling: return fmt::format("its own limit is all that its class and its CPUs let it have ({})", cores(why.granted));
  }
  return "nothing has been decided about it";
}

std::string_view to_string(QosClass qos) {
  switch (qos) {
    case QosClass::lse: return "LSE";
    case QosClass::lsr: return "LSR";
    case QosClass::ls: return "LS";
    case QosClass::step: return "step";
    case QosClass::control: return "control";
    case QosClass::be: return "BE";
    case QosClass::system: return "SYSTEM";
  }
  return "";
}

std::string_view to_string(ContainerRole role) {
  switch (role) {
    case ContainerRole::service: return "service";
    case ContainerRole::work: return "work";
    case ContainerRole::infra: return "infra";
    case ContainerRole::infra_init: return "infra-init";
    case ContainerRole::sidecar: return "sidecar";
    case ContainerRole::init: return "init";
    case ContainerRole::batch: return "batch";
    case ContainerRole::system: return "system";
    case ContainerRole::control: return "control";
  }
  return "";
}

std::string_view to_string(GroupKind kind) {
  switch (kind) {
    case GroupKind::container: return "container";
    case GroupKind::inner: return "inner";
    case GroupKind::pod: return "pod";
    case GroupKind::qos: return "qos";
    case GroupKind::helper: return "helper";
    case GroupKind::sandbox_stub: return "sandbox_stub";
    case GroupKind::scope: return "scope";
    case GroupKind::slice: return "slice";
    case GroupKind::other: return "other";
  }
  return "";
}

std::string_view to_string(LeaseKind kind) {
  switch (kind) {
    case LeaseKind::burst: return "burst";
    case LeaseKind::start: return "start";
  }
  return "";
}

std::string_view to_string(Actuator actuator) {
  switch (actuator) {
    case Actuator::file: return "file";
    case Actuator::hidden: return "hidden";
  }
  return "";
}

}  // namespace headroom
