#include "engine/replay.hpp"

#include <fmt/format.h>

namespace headroom {

TickResult replay_tick(Engine& engine, const JournalTick& input) {
  engine.rails = input.rails;
  const Snapshot snapshot = advance(engine.model, input.sample, input.catalog);
  engine.desired.clear();
  engine.policy->decide(snapshot, engine.desired);
  return {snapshot, make_plan(snapshot, engine.desired, engine.rails, engine.plans), {}};
}

bool Replay::take_checkpoint() {
  auto restored = restore_checkpoint(decoder_->checkpoint());
  if (!restored) {
    error_ = restored.error();
    return false;
  }
  ++count_.checkpoints;
  const bool reached = engine_ && number_ == restored->number && when_ == restored->at;
  if (reached) {
    ++count_.states;
    if (state() == decoder_->checkpoint()) ++count_.states_agreeing;
  }
  if (!reached) {
    ++count_.begun;
    begun_at_ = decoder_->checkpoint();
  }
  tick_.reset();
  input_.catalog = std::move(restored->catalog);
  engine_.emplace(std::move(restored->engine));
  number_ = restored->number;
  when_ = restored->at;
  return true;
}

const Replay::Tick* Replay::replay(const Edit& edit) {
  tick_.reset();
  const JournalTick& read = decoder_->tick();
  if (edit || input_.catalog.generation != read.catalog.generation) input_.catalog = read.catalog;   // a copy is dear
  input_.number = read.number;
  input_.sample = read.sample;
  input_.rails = read.rails;
  input_.plan = read.plan;
  if (edit) edit(input_);
  TickResult result = replay_tick(*engine_, input_);
  const bool agrees = plan_bytes(result.plan) == plan_bytes(input_.plan);
  number_ = input_.number;
  when_ = input_.sample.at;
  ++count_.ticks;
  if (agrees) ++count_.agreeing;
  else if (count_.first_disagreement == 0) count_.first_disagreement = number_;
  tick_.emplace(Tick{number_, result.snapshot, input_, std::move(result.plan), agrees});
  return &*tick_;
}

const Replay::Tick* Replay::next(const Edit& edit) {
  while (!error_) {
    if (!decoder_) {
      if (at_ == segments_.size()) return nullptr;
      decoder_.emplace(segments_[at_++]);
    }
    switch (decoder_->next()) {
      case JournalDecoder::Found::tick:
        if (engine_) return replay(edit);
        error_ = Error{Errc::malformed, fmt::format("segment {}", at_), "a tick before the first checkpoint"};
        break;
      case JournalDecoder::Found::checkpoint:
        take_checkpoint();
        break;
      case JournalDecoder::Found::torn:
        count_.torn = true;
        decoder_.reset();
        break;
      case JournalDecoder::Found::end:
        decoder_.reset();
        break;
      case JournalDecoder::Found::malformed:
        error_ = Error{Errc::malformed, fmt::format("segment {}", at_), "no journal of this version"};
        break;
    }
  }
  return nullptr;
}

Result<std::string> edited_segment(std::string_view segment, const Replay::Edit& edit) {
  std::string out(kJournalMagic);
  JournalDecoder decoder(segment);
  JournalEncoder encoder;
  for (;;) {
    switch (decoder.next()) {
      case JournalDecoder::Found::checkpoint:
        if (auto ok = encoder.checkpoint(decoder.checkpoint(), out); !ok) return tl::unexpected(ok.error());
        break;
      case JournalDecoder::Found::tick: {
        JournalTick tick = decoder.tick();
        edit(tick);
        encoder.tick(tick.number, tick.sample, tick.catalog, tick.rails, tick.plan, out);
        break;
      }
      case JournalDecoder::Found::end:
      case JournalDecoder::Found::torn:
        return out;
      case JournalDecoder::Found::malformed:
        return fail(Errc::malformed, "segment", "no journal of this version");
    }
  }
}

}  // namespace headroom
