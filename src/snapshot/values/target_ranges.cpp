#include "snapshot/values/target_ranges.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "policy/addresses/names.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;
using Fault = std::optional<std::string>;
using policy::RangeList;

bool is_range(const Json& item) {
  return item.is_string() && policy::IpPrefix::parse(item.get_ref<const std::string&>());
}

Fault ranges_fault(const std::string& name, const Json& value) {
  if (value.is_array() && value.size() <= kMaxRanges && std::ranges::all_of(value, is_range)) {
    return std::nullopt;
  }
  return "member \"" + name + "\" must be a list of at most " + std::to_string(kMaxRanges) +
         " ranges such as \"10.0.0.0/8\" or \"::1\", without bits beyond the prefix";
}

Fault list_fault(const std::string& path, const Json& value) {
  if (!value.is_object()) return "member \"" + path + "\" must be an object";
  for (const auto& [name, ranges] : value.items()) {
    const std::string at = path + "." + name;
    if (name != "allow" && name != "deny") return "member \"" + at + "\" is unknown";
    if (auto fault = ranges_fault(at, ranges)) return fault;
  }
  return std::nullopt;
}

Fault scopes_fault(const std::string& path, const Json& value, bool (*is_key)(std::string_view),
                   std::string_view key) {
  if (!value.is_object() || value.size() > kMaxRangeScopes) {
    return "member \"" + path + "\" must be an object of at most " +
           std::to_string(kMaxRangeScopes) + " members";
  }
  for (const auto& [name, list] : value.items()) {
    if (!is_key(name)) {
      return "member \"" + path + "." + name + "\" must be named by " + std::string(key);
    }
    if (auto fault = list_fault(path + "." + name, list)) return fault;
  }
  return std::nullopt;
}

std::vector<policy::IpPrefix> prefixes_from(const Json& value, const char* name) {
  std::vector<policy::IpPrefix> out;
  const auto found = value.find(name);
  if (found == value.end()) return out;
  for (const Json& text : *found) {
    if (const auto prefix = policy::IpPrefix::parse(text.get_ref<const std::string&>())) {
      out.push_back(*prefix);
    }
  }
  return out;
}

RangeList list_from(const Json& value) {
  return {prefixes_from(value, "allow"), prefixes_from(value, "deny")};
}

}  // namespace

std::optional<std::string> find_ranges_fault(const Json& value) {
  for (const auto& [name, member] : value.items()) {
    Fault fault;
    if (name == "allow" || name == "deny") {
      fault = ranges_fault(name, member);
    } else if (name == "pools") {
      fault = scopes_fault(
          name, member, [](std::string_view key) { return EgressPoolId::parse(key).has_value(); },
          "the id of an egress pool");
    } else if (name == "nodes") {
      fault = scopes_fault(
          name, member, [](std::string_view key) { return policy::check_name(key) == nullptr; },
          "the name of a node");
    } else {
      fault = "member \"" + name + "\" is unknown";
    }
    if (fault) return fault;
  }
  return std::nullopt;
}

TargetRanges target_ranges_from(const std::vector<wire::JsonValue>& values) {
  TargetRanges out;
  for (const wire::JsonValue& json : values) {
    const Json& value = json.get();
    TargetRanges::Value& into = out.values.emplace_back();
    into.everywhere = list_from(value);
    if (const auto pools = value.find("pools"); pools != value.end()) {
      for (const auto& [id, list] : pools->items()) {
        if (const auto pool = EgressPoolId::parse(id)) into.pools[*pool] = list_from(list);
      }
    }
    if (const auto nodes = value.find("nodes"); nodes != value.end()) {
      for (const auto& [name, list] : nodes->items()) into.nodes[name] = list_from(list);
    }
  }
  return out;
}

bool TargetRanges::allows(const policy::IpAddress& address, EgressPoolId pool,
                          std::string_view node, const RangeList& own) const {
  std::vector<const RangeList*> levels = {&own};
  for (const Value& value : values) levels.push_back(&value.everywhere);
  for (const Value& value : values) {
    if (const auto it = value.pools.find(pool); it != value.pools.end()) {
      levels.push_back(&it->second);
    }
  }
  for (const Value& value : values) {
    if (const auto it = value.nodes.find(node); it != value.nodes.end()) {
      levels.push_back(&it->second);
    }
  }
  return policy::may_open(address, levels);
}

bool TargetRanges::may_allow(const policy::IpAddress& address, EgressPoolId pool) const {
  if (allows(address, pool, {})) return true;
  return std::ranges::any_of(values, [&](const Value& value) {
    return std::ranges::any_of(value.nodes,
                               [&](const auto& node) { return allows(address, pool, node.first); });
  });
}

}  // namespace rap::snapshot
