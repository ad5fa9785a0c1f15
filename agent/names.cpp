#include "agent/names.hpp"

namespace headroom {

const char* word(Because because) {
  switch (because) {
    case Because::none: return "none";
    case Because::lend_predicted: return "lend_predicted";
    case Because::lend_start: return "lend_start";
    case Because::lend_continues: return "lend_continues";
    case Because::kernel_burst: return "kernel_burst";
    case Because::weight_lowered: return "weight_lowered";
    case Because::weight_back: return "weight_back";
    case Because::end_idle: return "end_idle";
    case Because::end_expired: return "end_expired";
    case Because::end_foreign: return "end_foreign";
    case Because::end_off: return "end_off";
    case Because::revoke_harm: return "revoke_harm";
    case Because::revoke_overload: return "revoke_overload";
    case Because::revoke_late: return "revoke_late";
    case Because::revoke_blind: return "revoke_blind";
    case Because::shrink_share: return "shrink_share";
    case Because::refuse_class: return "refuse_class";
    case Because::refuse_unlimited: return "refuse_unlimited";
    case Because::refuse_uncertain: return "refuse_uncertain";
    case Because::refuse_hands_off: return "refuse_hands_off";
    case Because::refuse_no_credit: return "refuse_no_credit";
    case Because::refuse_no_lendable: return "refuse_no_lendable";
    case Because::refuse_load: return "refuse_load";
    case Because::refuse_idle: return "refuse_idle";
    case Because::refuse_budget: return "refuse_budget";
    case Because::refuse_no_guard: return "refuse_no_guard";
    case Because::refuse_unread: return "refuse_unread";
    case Because::refuse_ceiling: return "refuse_ceiling";
    case Because::law_raise: return "law_raise";
    case Because::law_lower: return "law_lower";
    case Because::law_hold: return "law_hold";
    case Because::law_burst: return "law_burst";
    case Because::put_right: return "put_right";
  }
  return "none";
}

const char* word(Mode mode) {
  switch (mode) {
    case Mode::off: return "off";
    case Mode::observe: return "observe";
    case Mode::enforce: return "enforce";
  }
  return "observe";
}

const char* word(Errc code) {
  switch (code) {
    case Errc::gone: return "gone";
    case Errc::absent: return "absent";
    case Errc::denied: return "denied";
    case Errc::malformed: return "malformed";
    case Errc::rejected: return "rejected";
    case Errc::io: return "io";
  }
  return "io";
}

}  // namespace headroom
