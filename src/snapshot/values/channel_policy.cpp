#include "snapshot/values/channel_policy.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kDegrade = "degrade";
constexpr std::string_view kClose = "close";

bool is_class(const Json& item) {
  return item.is_string() && wire::traffic_class_from(item.get_ref<const std::string&>());
}

// An empty list is a policy too: nothing goes on, or nothing begins.
bool is_list_of_classes(const Json& list) {
  return list.is_array() && std::ranges::all_of(list, [&](const Json& item) {
           return is_class(item) && std::ranges::count(list, item) == 1;
         });
}

wire::TrafficClassSet classes_from(const Json& list) {
  wire::TrafficClassSet out;
  for (const Json& name : list) {
    if (const auto c = wire::traffic_class_from(name.get_ref<const std::string&>())) out.add(*c);
  }
  return out;
}

const char* member_fault(std::string_view name, const Json& value) {
  if (name == "degraded_opening" || name == "degraded_continuing") {
    return is_list_of_classes(value) ? nullptr : "must be a list of different traffic classes";
  }
  if (name == "stale_peer") {
    return value == kDegrade || value == kClose ? nullptr : "must be \"close\" or \"degrade\"";
  }
  if (name == "stale_peer_s") {
    const bool fits =
        value.is_number_integer() && value >= 1 && value <= std::int64_t{kMaxStalePeer.count()};
    return fits ? nullptr : "must be a whole number from 1 to 3600";
  }
  return "is unknown";
}

}  // namespace

std::optional<std::string> find_channel_policy_fault(const Json& value) {
  for (const auto& [name, member] : value.items()) {
    if (const char* fault = member_fault(name, member)) return "member \"" + name + "\" " + fault;
  }
  return std::nullopt;
}

ChannelPolicy channel_policy_from(const std::vector<wire::JsonValue>& values) {
  Json all = Json::object();
  for (const wire::JsonValue& value : values) all.update(value.get());
  ChannelPolicy out;
  if (const auto it = all.find("degraded_opening"); it != all.end()) {
    out.degraded_opening = classes_from(*it);
  }
  if (const auto it = all.find("degraded_continuing"); it != all.end()) {
    out.degraded_continuing = classes_from(*it);
  }
  if (all.value("stale_peer", std::string(kClose)) == kDegrade) {
    out.stale_peer =
        std::chrono::seconds{all.value("stale_peer_s", std::int64_t{kDefaultStalePeer.count()})};
  }
  return out;
}

}  // namespace rap::snapshot
