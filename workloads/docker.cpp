#include "workloads/docker.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace headroom {
namespace {

using nlohmann::json;

tl::unexpected<Error> malformed(std::string_view where, const char* want) {
  return fail(Errc::malformed, std::string(where), std::string("want ") + want);
}

std::string text_at(const json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::int64_t number_at(const json& object, const char* key) {
  if (!object.is_object()) return 0;
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

const json& member(const json& object, const char* key) {
  static const json kNothing = json::object();
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string without_slash(std::string name) {
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

std::optional<MilliCpu> cpus_of(const json& host) {
  const std::int64_t nano = number_at(host, "NanoCpus"), quota = number_at(host, "CpuQuota"), period = number_at(host, "CpuPeriod");
  if (nano > 0) return MilliCpu{nano / 1'000'000};
  constexpr std::int64_t kDefaultPeriod = 100'000, kMost = std::int64_t{1} << 40;
  if (quota <= 0 || quota > kMost) return std::nullopt;
  return MilliCpu{quota * 1000 / (period > 0 ? period : kDefaultPeriod)};
}

DockerEvent::What meaning_of(std::string_view action) {
  if (action == "start") return DockerEvent::What::appeared;
  if (action == "rename" || action == "update") return DockerEvent::What::changed;
  return action == "die" || action == "destroy" ? DockerEvent::What::gone : DockerEvent::What::other;
}

}  // namespace

Result<std::vector<DockerContainer>> parse_docker_list(std::string_view text, std::string_view where) {
  const json list = json::parse(text, nullptr, false);
  if (!list.is_array()) return malformed(where, "a list of containers");
  std::vector<DockerContainer> out;
  for (const json& item : list) {
    DockerContainer container;
    container.id = text_at(item, "Id");
    container.image = text_at(item, "Image");
    const json& names = member(item, "Names");
    if (names.is_array() && !names.empty() && names.front().is_string()) container.name = without_slash(names.front().get<std::string>());
    if (!container.id.empty()) out.push_back(std::move(container));
  }
  return out;
}

Result<DockerContainer> parse_docker_inspect(std::string_view text, std::string_view where) {
  const json item = json::parse(text, nullptr, false);
  DockerContainer out;
  out.id = text_at(item, "Id");
  if (out.id.empty()) return malformed(where, "a container with an Id");
  out.name = without_slash(text_at(item, "Name"));
  out.image = text_at(member(item, "Config"), "Image");
  out.cpus = cpus_of(member(item, "HostConfig"));
  return out;
}

Result<DockerEvent> parse_docker_event(std::string_view line) {
  const json event = json::parse(line, nullptr, false);
  if (!event.is_object()) return malformed("/events", "an event");
  DockerEvent out;
  out.at = number_at(event, "timeNano");
  out.id = text_at(member(event, "Actor"), "ID");
  if (text_at(event, "Type") == "container" && !out.id.empty()) out.what = meaning_of(text_at(event, "Action"));
  return out;
}

}  // namespace headroom
