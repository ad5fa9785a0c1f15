// What bars a container from borrowing, and what is said to lift it: done to its pod or to the configuration, and classified
// again, it has to be gone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <functional>
#include <map>
#include <set>

#include "agent/classifier.hpp"
#include "config/config.hpp"
#include "engine/describe.hpp"
#include "engine/explain.hpp"

namespace headroom {
namespace {

using testing::Not;
using testing::StartsWith;

const std::string kUid = "3f1c2a90-7b5d-4e1f-9a62-0c8d7e6f5a4b";
const std::string kId(64, 'b');
const std::string kUnit = "system.slice/it's-a\\x2djob.service";

ClassConfig a_class(const std::string& name, const std::function<void(Match&)>& asks) {
  ClassConfig config;
  config.rule.name = name;
  config.rule.rank = 1;
  config.match.emplace_back();
  asks(config.match[0]);
  return config;
}
ClassConfig lends(const std::string& name, const std::function<void(Match&)>& asks) {
  auto config = a_class(name, asks);
  config.rule.borrow = BorrowRule{.up_to = MilliCpu{3000}};
  return config;
}
void anything(Match& m) { m.path = {"**"}; }
void a_namespace(Match& m) { m.namespaces = {"flows", "kube-system"}; }
void a_label(Match& m) { m.pod_labels["tier"] = "latency"; }

/// A container, its pod, and the rules that it falls under.
struct Case {
  std::string path, own = "none";
  Pod pod;
  bool told = true, sandbox = false;
  ClassRules rules;

  Case() : path("kubepods/burstable/pod" + kUid + "/" + kId) {
    pod.ns = "flows";
    pod.name = "wf-burn-1";
    pod.uid = kUid;
    pod.labels["workflows.argoproj.io/workflow"] = "wf";
    pod.containers.emplace_back();
    pod.containers[0].name = "main";
    pod.containers[0].id = kId;
    rules.classes = {lends("step", anything)};
  }
  /// The catalog's entry, and its rule.
  std::pair<Group, ClassRule> judged() const {
    Classifier classifier(rules, own, "");
    KnownWorld world;
    if (told) world.pods = std::make_shared<const PodTable>(std::vector{pod});
    classifier.set_world(world);
    Catalog catalog;
    const Verdict v = classifier.classify(path, catalog);
    Group g;
    g.path = path;
    g.identity = v.identity;
    g.ns = v.names.ns;
    g.role = v.names.role;
    g.infrastructure = sandbox || g.role == ContainerRole::infra || g.role == ContainerRole::infra_init;
    catalog.groups.push_back(g);
    return {g, catalog.rules[v.rule]};
  }
  Bar first() const {
    auto [g, rule] = judged();
    Catalog catalog;
    catalog.rules[0] = rule;
    g.rule = 0;
    return first_bar(catalog, g);
  }
};

/// Makes the bar hold.
const std::map<Bar, std::function<void(Case&)>> kPut = {
    {Bar::own, [](Case& c) { c.own = c.path; }},
    {Bar::sandbox, [](Case& c) { c.sandbox = true; }},
    {Bar::kind, [](Case& c) { c.path = "kubepods/burstable/pod" + kUid; }},
    {Bar::helper, [](Case& c) { c.pod.containers[0].name = "wait"; }},
    {Bar::sidecar, [](Case& c) { c.pod.containers[0].name = "x", c.pod.containers[0].kind = ContainerKind::sidecar; }},
    {Bar::init, [](Case& c) { c.pod.containers[0].name = "x", c.pod.containers[0].kind = ContainerKind::init; }},
    {Bar::finished, [](Case& c) { c.pod.finished = true; }},
    {Bar::system_part, [](Case& c) { c.path = "system.slice/a.slice"; }},
    {Bar::system_unit, [](Case& c) { c.path = kUnit; }},
    {Bar::system_namespace, [](Case& c) { c.pod.ns = "kube-system"; }},
    {Bar::opt_out, [](Case& c) { c.pod.annotations["headroom.io/opt-out"] = "true"; }},
    {Bar::label, [](Case& c) { c.pod.labels["koordinator.sh/qosClass"] = "LSR"; }},
    {Bar::best_effort, [](Case& c) { c.path = "kubepods/besteffort/pod" + kUid + "/" + kId; }},
    {Bar::holdout, [](Case& c) { c.rules.only.holdout = 100'000; }},
    {Bar::namespaces, [](Case& c) { c.rules.only.namespaces = {"other"}; }},
    {Bar::withheld, [](Case& c) { c.told = false, c.rules.classes.insert(c.rules.classes.begin(), a_class("latency", a_label)); }},
    {Bar::unknown, [](Case& c) { c.told = false, c.rules.classes = {lends("step", a_namespace)}; }},
    {Bar::no_class, [](Case& c) { c.rules.classes.clear(); }},
    {Bar::spare_class, [](Case& c) { c.rules.classes = {a_class("quiet", anything)}; }},
};

/// "… classes: [{…}]" put before the classes that there are.
void put_first(Case& c, const std::string& text) {
  const auto parsed = parse_config(text.substr(text.find("classes: ")), "change");
  ASSERT_TRUE(parsed) << text << ": " << parsed.error()[0].detail;
  c.rules.classes.insert(c.rules.classes.begin(), parsed->classes.begin(), parsed->classes.end());
}

/// Does what the text says.
void do_it(Case& c, Bar bar, const std::string& text) {
  switch (bar) {
    case Bar::system_namespace: c.pod.ns = "flows"; return;
    case Bar::opt_out: c.pod.annotations.clear(); return;
    case Bar::label: c.pod.labels.erase("koordinator.sh/qosClass"); return;
    case Bar::best_effort: c.path = Case().path; return;
    case Bar::holdout: c.rules.only.holdout = 0; return;
    case Bar::namespaces:
      ASSERT_EQ(text, fmt::format("add {} to rollout[].namespaces", c.pod.ns));
      return c.rules.only.namespaces.push_back(c.pod.ns);
    case Bar::withheld:
    case Bar::unknown:
      ASSERT_THAT(text, StartsWith("turn sources.kubelet on"));
      c.told = true;
      return;
    case Bar::system_unit:
    case Bar::no_class:
    case Bar::spare_class: return put_first(c, text);
    case Bar::none: case Bar::own: case Bar::sandbox: case Bar::kind: case Bar::helper: case Bar::sidecar: case Bar::init:
    case Bar::finished: case Bar::system_part: case Bar::watch_only: break;
  }
  ADD_FAILURE() << to_string(bar) << " has no change";
}

std::vector<Bar> bars() {
  std::vector<Bar> out;
  for (std::size_t i = 1; i < kBars; ++i)
    if (static_cast<Bar>(i) != Bar::watch_only) out.push_back(static_cast<Bar>(i));   // that is the policy's
  return out;
}

TEST(Bar, WhatIsNotBarredBorrows) {
  EXPECT_EQ(Case().first(), Bar::none);
  EXPECT_TRUE(Case().judged().second.borrow);
}

TEST(Bar, EachIsToldWhereItDecidesAndItsChangeLiftsIt) {
  for (const Bar bar : bars()) {
    Case c;
    kPut.at(bar)(c);
    EXPECT_EQ(to_string(c.first()), to_string(bar));
    const auto [group, rule] = c.judged();
    EXPECT_EQ(rule.borrow.has_value(), bar == Bar::sandbox) << to_string(bar);
    const std::string text = how_to_lift(bar, group);
    if (!can_be_lifted(bar)) {
      EXPECT_THAT(text, StartsWith("nothing: ")) << to_string(bar);
      continue;
    }
    EXPECT_THAT(text, Not(StartsWith("nothing"))) << to_string(bar);
    do_it(c, bar, text);
    EXPECT_EQ(to_string(c.first()), "none") << text;
    EXPECT_TRUE(c.judged().second.borrow) << text;
  }
}

/// What the daemon, which has no configuration to change while it explains, expects of the change.
ClassRule expected_after(ClassRule rule, Bar bar) {
  if (bar == Bar::no_class || bar == Bar::spare_class) rule.barred = BorrowRule{};
  lift_bar(rule, bar);
  return rule;
}

TEST(Bar, OfTwoTheSecondIsToldOnceTheFirstIsLiftedAndThatIsForetold) {
  const std::set<Bar> places = {Bar::system_unit, Bar::best_effort, Bar::system_namespace};
  int pairs = 0;
  for (const Bar a : bars())
    for (const Bar b : bars()) {
      const bool apart = a < b && can_be_lifted(a) && !(places.contains(a) && places.contains(b)) && a < Bar::withheld;
      const bool of_pod = a != Bar::system_unit || b >= Bar::no_class;
      if (!apart || !of_pod || ((b == Bar::withheld || b == Bar::unknown) && a != Bar::holdout && a != Bar::best_effort)) continue;
      Case c;
      kPut.at(a)(c);
      kPut.at(b)(c);
      const std::string where = fmt::format("{} and {}", to_string(a), to_string(b));
      ASSERT_EQ(to_string(c.first()), to_string(a)) << where;
      const auto [group, rule] = c.judged();
      do_it(c, a, how_to_lift(a, group));
      const ClassRule then = expected_after(rule, a);
      EXPECT_EQ(to_string(first_bar(then)), to_string(c.first())) << where;
      EXPECT_EQ(then.borrow, c.judged().second.borrow) << where;
      EXPECT_EQ(to_string(c.first()), to_string(a == Bar::system_unit ? Bar::none : b)) << where;
      ++pairs;
    }
  EXPECT_GT(pairs, 15);
}

TEST(Bar, EachHasASentenceANameAndAChangeOfItsOwn) {
  std::set<std::string_view> sentences, names;
  for (std::size_t i = 0; i < kBars; ++i) {
    EXPECT_TRUE(sentences.insert(describe(static_cast<Bar>(i))).second) << i;
    EXPECT_TRUE(names.insert(to_string(static_cast<Bar>(i))).second) << i;
    EXPECT_FALSE(how_to_lift(static_cast<Bar>(i), Group{}).empty()) << i;
  }
}

TEST(Bar, AnotherReasonForNothingEndsNothing) {
  Case c;
  kPut.at(Bar::best_effort)(c);
  const ClassRule before = c.judged().second;
  kPut.at(Bar::finished)(c);
  EXPECT_TRUE(same_grant(before, c.judged().second));
  kPut.at(Bar::opt_out)(c);
  EXPECT_FALSE(same_grant(before, c.judged().second)) << "policies that heed no class heed that";
}

std::vector<std::string> unheard(const Case& c) {
  Classifier classifier(c.rules, c.own, "");
  KnownWorld world;
  world.pods = std::make_shared<const PodTable>(std::vector{c.pod});
  classifier.set_world(world);
  Catalog catalog;
  return classifier.classify(c.path, catalog).names.unheard;
}

TEST(Unheard, AnAnnotationThatIsNotAcceptedIsNamedWithTheKeyThatAcceptsIt) {
  struct Row { std::string key, value, setting; };
  for (const Row& row : {Row{"headroom.io/up-to", "2 cores", "headroom.io/up-to: {max: 4 cores}"},
                         Row{"koordinator.sh/cpuBurst", R"({"policy": "auto"})", "koordinator.sh/cpuBurst: accept"}}) {
    Case c;
    EXPECT_THAT(unheard(c), testing::IsEmpty());
    c.pod.annotations[row.key] = row.value;
    EXPECT_THAT(unheard(c), testing::ElementsAre(row.key + ": is there, not accepted: set annotations." + row.setting));
    const auto accepted = parse_config("annotations: {" + row.setting + "}", "change");
    ASSERT_TRUE(accepted) << accepted.error()[0].detail;
    c.rules.annotations = accepted->annotations;
    EXPECT_THAT(unheard(c), testing::IsEmpty()) << row.key;
  }
}

TEST(Unheard, WhatIsMisspeltOrClampedIsNamedAtABoundedLength) {
  Case c;
  c.rules.annotations = {MilliCpu{4000}, true};
  c.pod.annotations = {{"headroom.io/up-to", "9 cores"}, {"headroom.io/opt-out", "yes"}, {"koordinator.sh/cpuBurst", "{"}};
  EXPECT_THAT(unheard(c), testing::ElementsAre(StartsWith("headroom.io/up-to: 9 cores is clamped"), StartsWith("headroom.io/opt-out: want \"true\""),
                                               StartsWith("koordinator.sh/cpuBurst: ignored")));
  c.pod.annotations = {{"headroom.io/up-to", std::string(100'000, 'x')}, {"headroom.io/opt-out", std::string(100'000, 'x')}};
  for (const std::string& one : unheard(c)) EXPECT_LT(one.size(), 200U);
}

}  // namespace
}  // namespace headroom
