#include "engine/journal.hpp"

#include "engine/journal_delta.hpp"
#include "metrics/model/fields.hpp"

namespace headroom {
namespace {

constexpr std::uint8_t kCheckpoint = 'C', kTick = 'T';
constexpr std::size_t kFrameHead = 8;

/// FNV-1a, 32 bits: it tells a torn frame from a whole one, no more.
std::uint32_t checksum(std::string_view bytes) {
  std::uint32_t h = 2166136261U;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
  return h;
}

void put_fixed(std::string& out, std::uint32_t v) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(v >> shift & 0xff);
}
std::uint32_t get_fixed(std::string_view in) {
  std::uint32_t v = 0;
  for (std::size_t i = 0; i < 4; ++i) v |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[i])) << (8 * i);
  return v;
}

void frame(std::string_view payload, std::string& out) {
  put_fixed(out, static_cast<std::uint32_t>(payload.size()));
  put_fixed(out, checksum(payload));
  out += payload;
}

/// Within one life only these change.
bool same(const Group& a, const Group& b) {
  const bool same_step = a.step == b.step || (a.step && b.step && *a.step == *b.step);
  return a.id == b.id && a.rule == b.rule && a.role == b.role && a.infrastructure == b.infrastructure && a.parent == b.parent &&
         a.cpus == b.cpus && a.container == b.container && a.pod == b.pod && a.ns == b.ns && same_step;
}
bool same(const std::optional<Group>& a, const std::optional<Group>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

void put_catalog(ByteWriter& w, const Catalog& now, Catalog& kept) {
  const auto& [groups, rules, generation, cpus, cores, v2] = now;
  w(generation, cpus, cores, v2);
  const bool other_rules = rules != kept.rules;
  w(other_rules);
  if (other_rules) w(rules);
  w.number(groups.size());
  kept.groups.resize(groups.size());
  Slot last = 0;
  for (Slot s = 0; s < groups.size(); ++s) {
    if (same(groups[s], kept.groups[s])) continue;
    w.number(s - last + 1);
    w(groups[s]);
    last = s;
    kept.groups[s] = groups[s];
  }
  w.number(0);
  if (other_rules) kept.rules = rules;
  kept.generation = generation, kept.cpus = cpus, kept.cores = cores, kept.v2 = v2;
}

void get_catalog(ByteReader& r, Catalog& kept) {
  auto& [groups, rules, generation, cpus, cores, v2] = kept;
  bool other_rules = false;
  r(generation, cpus, cores, v2, other_rules);
  if (other_rules) r(rules);
  const std::uint64_t size = r.number();
  if (size > journal::kMostSlots) return r.spoil();
  groups.resize(size);
  std::uint64_t last = 0;
  while (const std::uint64_t step = r.number()) {
    last += step - 1;
    if (last >= groups.size()) return r.spoil();
    r(groups[last]);
  }
  for (const auto& g : groups)
    if (g && g->rule >= rules.size()) return r.spoil();
}

void put_checkpoint(ByteWriter& w, std::uint64_t number, TimePoint at, const Engine& engine, const Catalog& catalog) {
  w.byte(kCheckpoint);
  w.number(number);
  w.difference(at.time_since_epoch().count());
  w.base = at;
  w(engine.rails, catalog, std::string(engine.policy->name()));
  engine.policy->save(w);
  save_model(engine.model, w);
  w(engine.plans);
}

}  // namespace

std::string checkpoint_bytes(std::uint64_t number, TimePoint at, const Engine& engine, const Catalog& catalog) {
  ByteWriter w;
  put_checkpoint(w, number, at, engine, catalog);
  return w.bytes();
}

std::string plan_bytes(const Plan& plan) {
  ByteWriter w;
  w(plan);
  return w.bytes();
}

Result<Restored> restore_checkpoint(std::string_view payload) {
  ByteReader in(payload);
  const auto wrong = [] { return fail(Errc::malformed, "journal", "no checkpoint of this version"); };
  if (in.byte() != kCheckpoint) return wrong();
  Result<Restored> result{Restored{}};
  Restored& out = *result;
  out.number = in.number();
  out.at = in.base = TimePoint{nanoseconds{in.difference()}};
  std::string policy;
  in(out.engine.rails, out.catalog, policy);
  for (const auto& g : out.catalog.groups)
    if (g && g->rule >= out.catalog.rules.size()) return wrong();
  Faults faults;
  if (in.good()) out.engine.policy = make_policy(policy, {}, faults);
  if (!out.engine.policy || !out.engine.policy->load(in)) return wrong();
  if (!load_model(out.engine.model, out.catalog, in)) return wrong();
  in(out.engine.plans);
  if (!in.good() || !in.at_end()) return wrong();
  return result;
}

void JournalEncoder::begin(TimePoint at, const Catalog& catalog, const Guardrails& rails) {
  memory_ = JournalMemory{};
  memory_.at = at;
  kept_ = catalog;
  rails_ = rails;
}

void JournalEncoder::checkpoint(std::uint64_t number, TimePoint at, const Engine& engine, const Catalog& catalog,
                                std::string& out) {
  writer_.clear();
  put_checkpoint(writer_, number, at, engine, catalog);
  frame(writer_.bytes(), out);
  begin(at, catalog, engine.rails);
}

Result<> JournalEncoder::checkpoint(std::string_view payload, std::string& out) {
  const auto state = restore_checkpoint(payload);
  if (!state) return tl::unexpected(state.error());
  frame(payload, out);
  begin(state->at, state->catalog, state->engine.rails);
  return {};
}

void JournalEncoder::tick(std::uint64_t number, const Sample& sample, const Catalog& catalog, const Guardrails& rails,
                          const Plan& plan, std::string& out) {
  writer_.clear();
  writer_.byte(kTick);
  writer_.number(number);
  journal::sample(writer_, sample, memory_);
  const bool other_rails = rails != rails_, other_catalog = catalog.generation != kept_.generation;
  writer_(other_rails, other_catalog);
  if (other_rails) writer_(rails);
  if (other_catalog) put_catalog(writer_, catalog, kept_);
  writer_(plan);
  frame(writer_.bytes(), out);
  if (other_rails) rails_ = rails;
  memory_.plan = plan;
}

JournalDecoder::JournalDecoder(std::string_view segment) : rest_(segment), journal_(segment.starts_with(kJournalMagic)) {
  if (journal_) rest_.remove_prefix(kJournalMagic.size());
}

JournalDecoder::Found JournalDecoder::next() {
  if (!journal_) return Found::malformed;
  if (rest_.empty()) return Found::end;
  if (rest_.size() < kFrameHead || rest_.size() - kFrameHead < get_fixed(rest_)) return Found::torn;
  const std::uint32_t size = get_fixed(rest_), sum = get_fixed(rest_.substr(4));
  payload_ = rest_.substr(kFrameHead, size);
  rest_.remove_prefix(kFrameHead + size);
  if (checksum(payload_) != sum) return rest_.empty() ? Found::torn : Found::malformed;
  if (payload_.starts_with(static_cast<char>(kTick))) return read_tick();
  const auto state = restore_checkpoint(payload_);
  if (!state) return Found::malformed;
  memory_ = JournalMemory{};
  memory_.at = state->at;
  tick_ = JournalTick{state->number, {}, state->catalog, state->engine.rails, {}};
  return Found::checkpoint;
}

JournalDecoder::Found JournalDecoder::read_tick() {
  ByteReader in(payload_);
  (void)in.byte();
  tick_.number = in.number();
  journal::sample(in, tick_.sample, memory_);
  bool other_rails = false, other_catalog = false;
  in(other_rails, other_catalog);
  if (other_rails) in(tick_.rails);
  if (other_catalog) get_catalog(in, tick_.catalog);
  in(tick_.plan);
  memory_.plan = tick_.plan;
  return in.good() && in.at_end() ? Found::tick : Found::malformed;
}

}  // namespace headroom
