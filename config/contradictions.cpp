#include "config/contradictions.hpp"

#include <algorithm>
#include <utility>

#include "config/forms.hpp"

namespace headroom {
namespace {

/// The value of a key as a field; nullopt: not there, or not of this kind.
std::optional<Field> child(const Field& field, std::string_view key) {
  if (!field.is_map()) return std::nullopt;
  return Map(field.entries("")).get(key);
}

std::vector<Field> items_of(const std::optional<Field>& field) {
  return field && field->is_list() ? field->items("") : std::vector<Field>{};
}

const Key& key_at(std::string_view path) { return *find_key(path); }

bool is_right(const std::optional<Field>& field, const Key& key) {
  return field && field->tree().kind == Tree::Kind::scalar && has_form(key, field->tree());
}

bool stands_after(const Field& a, const Field& b) {
  return std::pair(a.mark().line, a.mark().column) > std::pair(b.mark().line, b.mark().column);
}

void check_ports(const Field& entry) {
  const auto name = child(entry, "dockerName");
  const auto range = child(entry, "portRange");
  const auto ports = items_of(range);
  if (!range) return;
  const auto& port = key_at("classes.match.portRange");
  if (ports.size() == 2 && is_right(ports[0], port) && is_right(ports[1], port)) {
    const int low = std::stoi(ports[0].tree().text), high = std::stoi(ports[1].tree().text);
    if (low > high) range->fault(fmt::format("want the lower port first, got {} before {}", low, high));
  }
  if (!name) return range->fault("want a dockerName beside it: it bounds that pattern's group \"port\"");
  if (!is_right(name, key_at("classes.match.dockerName"))) return;
  const auto groups = groups_of_pattern(name->tree().text);
  if (std::find(groups->begin(), groups->end(), "port") != groups->end()) return;
  range->fault("want a group (?P<port>...) in dockerName: it is what this bounds");
}

const Field& later(const Field& a, const Field& b) { return stands_after(a, b) ? a : b; }

std::optional<std::int64_t> amount_at(const std::optional<Field>& field, std::string_view path) {
  return field && field->tree().kind == Tree::Kind::scalar ? amount_of(key_at(path), field->tree().text) : std::nullopt;
}

bool says(const std::optional<Field>& field, std::string_view path, std::string_view word) {
  return is_right(field, key_at(path)) && word_of(key_at(path), field->tree()) == word;
}

/// What a class gets only by borrowing, where it cannot borrow.
void check_borrow(const Field& item) {
  const auto borrow = child(item, "borrow");
  const auto weight = child(item, "weight");
  const bool borrows_nothing = !borrow || says(borrow, "classes.borrow", "none");
  if (borrows_nothing && says(weight, "classes.weight", "lower")) {
    weight->fault("want a borrow beside it: weight is lowered while the class borrows, and this one borrows nothing");
  }
  if (!borrow) return;
  const auto start = child(*borrow, "start"), credit = child(*borrow, "credit");
  const auto length = amount_at(start, "classes.borrow.start"), account = amount_at(credit, "classes.borrow.credit");
  if (length.value_or(0) > 0 && account == 0) {
    later(*start, *credit).fault("want a credit above 0 cpu-min for a start lease: without credit nothing is lent, not at the start either");
  }
}

/// @param names  of the classes before it
void check_class(const Field& item, std::vector<std::string>& names) {
  const auto name = child(item, "name");
  if (is_right(name, key_at("classes.name"))) {
    const auto& text = name->tree().text;
    if (std::find(names.begin(), names.end(), text) != names.end()) {
      name->fault(fmt::format("want every name once, got \"{}\" again", text));
    }
    names.push_back(text);
  }
  const auto borrow = child(item, "borrow");
  const auto cap = child(item, "cap");
  if (borrow && cap && borrow->is_map()) {
    later(*cap, *borrow).fault("a class that may borrow cannot be capped as well: want one of borrow and cap");
  }
  check_borrow(item);
  for (const Field& entry : items_of(child(item, "match"))) check_ports(entry);
}

constexpr const char* kNoCertificate = "want an https address beside it: nothing else shows a certificate";

/// How a certificate is to be verified: of a source that shows one, and not in two ways.
void check_trust(const Field& source, std::string_view name) {
  const auto address = child(source, "address");
  const bool is_a_socket = !address && (name == "docker" || name == "systemd");
  if (address && !is_right(address, key_at("sources.*.address"))) return;
  const auto insecure = child(source, "insecure");
  const bool unverified = is_right(insecure, key_at("sources.*.insecure")) && insecure->tree().text == "true";
  const bool shows_none = is_a_socket || (address && !address->tree().text.starts_with("https:"));
  if (unverified && shows_none) insecure->fault(kNoCertificate);
  for (const char* key : {"ca", "pin"}) {
    const auto given = child(source, key);
    if (!is_right(given, key_at(fmt::format("sources.*.{}", key)))) continue;
    if (shows_none) given->fault(kNoCertificate);
    else if (unverified) later(*given, *insecure).fault(fmt::format("want one of {} and insecure: one verifies, the other does not", key));
  }
}

/// Those who ask for what only a source that is off could tell: the fault stands at the source where that is the later one.
class Unheard {
 public:
  Unheard(const std::optional<Field>& sources, std::string_view name)
      : name_(name), source_(sources ? child(*sources, name) : std::nullopt), off_(says(source_, fmt::format("sources.{}", name), "off")) {}

  void asks(const std::optional<Field>& asker) {
    if (!off_ || !asker) return;
    if (stands_after(*asker, *source_)) return asker->fault(fmt::format("want sources.{}, which is off: nobody else can tell", name_));
    if (!std::exchange(told_, true)) source_->fault(fmt::format("want it on: {} asks for what nobody else can tell", asker->path()));
  }

 private:
  std::string_view name_;
  std::optional<Field> source_;
  bool off_, told_ = false;
};

void check_askers(const Field& root, const std::optional<Field>& sources) {
  Unheard kubelet(sources, "kubelet"), docker(sources, "docker");
  for (const Field& step : items_of(child(root, "rollout"))) kubelet.asks(child(step, "namespaces"));
  for (const Field& item : items_of(child(root, "classes")))
    for (const Field& entry : items_of(child(item, "match"))) {
      for (const char* key : {"namespace", "podLabels", "podAnnotations"}) kubelet.asks(child(entry, key));
      docker.asks(child(entry, "dockerName"));
    }
  const auto annotations = child(root, "annotations");
  if (!annotations) return;
  kubelet.asks(child(*annotations, "headroom.io/up-to"));
  const auto burst = child(*annotations, "koordinator.sh/cpuBurst");
  if (says(burst, "annotations.koordinator.sh/cpuBurst", "accept")) kubelet.asks(burst);
}

/// So many breaches have to fit into the time in which they are counted.
void check_breaker(const Field& root) {
  const auto breaker = child(root, "breaker"), contract = child(root, "contract");
  const auto breaches = breaker ? child(*breaker, "breaches") : std::nullopt;
  const auto per = contract ? child(*contract, "per") : std::nullopt;
  const auto window = amount_at(breaches, "breaker.breaches");
  const auto one = per ? amount_at(per, "contract.per") : amount_of(key_at("contract.per"), key_at("contract.per").fallback);
  if (!window || !one) return;
  const auto most = *window / *one;
  if (std::stoll(breaches->tree().text) <= most) return;
  (per ? later(*breaches, *per) : *breaches)
      .fault(fmt::format("want at most {} breach{} in that time: one takes {}s (contract.per)", most, most == 1 ? "" : "es", thousandths_text(*one)));
}

}  // namespace

void check_contradictions(const Field& root) {
  if (const auto signals = child(root, "signals"))
    if (const auto label = child(*signals, "nodeLabel"); is_right(label, key_at("signals.nodeLabel")) && label->tree().text == "patch")
      label->not_in_force("nodeLabel: patch", "no label is written; nfd is in force");
  std::vector<std::string> names;
  for (const Field& item : items_of(child(root, "classes"))) check_class(item, names);
  const auto sources = child(root, "sources");
  for (const char* name : {"kubelet", "docker", "systemd", "apiServer"})
    if (const auto source = sources ? child(*sources, name) : std::nullopt; source && source->is_map()) check_trust(*source, name);
  check_askers(root, sources);
  check_breaker(root);
}

}  // namespace headroom
