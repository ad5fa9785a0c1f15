// headroom.yaml(5): the table of keys as a manual page.
#pragma once

#include <string>

namespace headroom {

std::string config_page();

}  // namespace headroom
