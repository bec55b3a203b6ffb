#include "snapshot/values/node_names.hpp"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "policy/addresses/ip_prefix.hpp"
#include "policy/addresses/names.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAnyBelow = "*.";

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_pattern(const Json& item) {
  if (!item.is_string()) return false;
  std::string_view text = item.get_ref<const std::string&>();
  if (policy::IpPrefix::parse(text)) return true;
  if (text.starts_with(kAnyBelow)) text.remove_prefix(kAnyBelow.size());
  return policy::check_host(text) == nullptr && !policy::is_numeric_host(text);
}

bool matches(const std::string& pattern, const std::string& host) {
  const auto address = policy::IpAddress::parse(host);
  const auto range = policy::IpPrefix::parse(pattern);
  if (address || range) return address && range && range->contains(address->unmapped());
  if (!pattern.starts_with(kAnyBelow)) return host == lower(pattern);
  const std::string below = lower(pattern).substr(1);
  return host.size() > below.size() && host.ends_with(below);
}

bool any_matches(const std::vector<std::string>& patterns, const std::string& host) {
  return std::ranges::any_of(patterns, [&](const auto& p) { return matches(p, host); });
}

}  // namespace

bool NodeNames::allows(std::string_view host) const {
  const std::string name = lower(host);
  return std::ranges::all_of(values, [&](const Value& value) {
    return (value.allow.empty() || any_matches(value.allow, name)) &&
           !any_matches(value.deny, name);
  });
}

bool NodeNames::names(std::string_view host) const {
  const std::string name = lower(host);
  const auto address = policy::IpAddress::parse(name);
  const auto is_it = [&](const std::string& pattern) {
    if (!address) return lower(pattern) == name;
    const auto named = policy::IpAddress::parse(pattern);
    return named && named->unmapped() == address->unmapped();
  };
  return std::ranges::any_of(
      values, [&](const Value& value) { return std::ranges::any_of(value.allow, is_it); });
}

std::optional<std::string> find_node_names_fault(const Json& value) {
  for (const auto& [name, list] : value.items()) {
    if (name != "allow" && name != "deny") return "member \"" + name + "\" is unknown";
    if (!list.is_array() || list.size() > kMaxNodeNames || !std::ranges::all_of(list, is_pattern)) {
      return "member \"" + name + "\" must be a list of at most " + std::to_string(kMaxNodeNames) +
             " names such as \"gw.example\" or \"*.nodes.example\", or ranges such as "
             "\"203.0.113.0/24\"";
    }
  }
  return std::nullopt;
}

NodeNames node_names_from(const std::vector<wire::JsonValue>& values) {
  NodeNames out;
  for (const wire::JsonValue& value : values) {
    NodeNames::Value& into = out.values.emplace_back();
    into.allow = value.get().value("allow", std::vector<std::string>{});
    into.deny = value.get().value("deny", std::vector<std::string>{});
  }
  return out;
}

}  // namespace rap::snapshot
