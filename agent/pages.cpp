#include "agent/pages.hpp"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "agent/config_page.hpp"
#include "agent/guard_options.hpp"
#include "cli/generate.hpp"

namespace headroom {
namespace {

/// The guard's own table as CLI11 definitions.
int generate_guard(const std::string& kind, int argc, const char* const* argv) {
  CLI::App app{guard::kAbout, "headroom-guard"};
  app.set_help_flag();
  app.footer(guard::kFooter);
  std::string ignored;
  bool flag = false;
  for (const auto& o : guard::kOptions) {
    if (o.value == nullptr) app.add_flag(o.name, flag, o.text);
    else app.add_option(o.name, ignored, o.text)->type_name(o.value);
  }
  std::vector<const char*> words(argv, argv + argc);
  words[2] = kind.c_str();
  return cli::generate({app, 8}, argc, words.data()).value_or(2);
}

}  // namespace

std::optional<int> generate_pages(const CLI::App& headroomd, int argc, const char* const* argv) {
  constexpr const char* kPrefix = "guard-";
  const std::string kind = argc > 2 ? argv[2] : "";
  if (argc > 2 && std::string(argv[1]) == "--generate" && kind == "config-man")
    return cli::write_page(config_page(), argc > 3 ? argv[3] : nullptr);
  if (argc > 2 && std::string(argv[1]) == "--generate" && kind.rfind(kPrefix, 0) == 0)
    return generate_guard(kind.substr(std::string(kPrefix).size()), argc, argv);
  return cli::generate({headroomd, 8}, argc, argv);
}

}  // namespace headroom
