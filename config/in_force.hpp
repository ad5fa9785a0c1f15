// What holds by a checked text, value by value, and where each comes from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"

namespace headroom {

struct InForce {
  std::string path;           ///< "classes[0].borrow.upTo"
  const Key* key = nullptr;   ///< of a parameter of the policy: the key `tuning`
  std::string value;          ///< as one would write it
  std::string place;          ///< "headroom.yaml:15:20"; empty: nobody said it, the default holds
};

/// What holds whatever the file says of it.
struct Override {
  std::string path, value;    ///< as above
  std::string from;           ///< "command line (--mode)"
  friend bool operator==(const Override&, const Override&) = default;
};

/// In the order of the table. Of a list that is not given: its default's items. Of match entries: what they ask for.
/// Parameters of the policy: those that are given.
/// @param text  one that parse_config accepts
std::vector<InForce> values_in_force(std::string_view text, std::string_view file);

}  // namespace headroom
