#include "control/nodes/incarnations.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;

bool holds(const std::vector<std::string>& list, std::string_view who) {
  return std::ranges::find(list, who) != list.end();
}

void add(std::vector<std::string>& list, std::string who) {
  if (who.empty()) return;
  if (list.size() == kMaxIncarnationsKept) list.erase(list.begin());
  list.push_back(std::move(who));
}

void succeed(Incarnations& of_node, std::string_view who) {
  add(of_node.former, std::exchange(of_node.current, std::string(who)));
}

std::vector<std::string> texts(const json& object, const char* name) {
  std::vector<std::string> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const json& item : *found) {
    if (item.is_string()) add(out, item.get<std::string>());
  }
  return out;
}

}  // namespace

IncarnationVerdict take_check_in(Incarnations& of_node, std::string_view who, WallTime heard,
                                 WallTime now) {
  if (who == of_node.current) return IncarnationVerdict::known;
  if (holds(of_node.kept_out, who)) {
    if (now < heard + kIncarnationSilence) {
      of_node.copy_seen_at = now;
      return IncarnationVerdict::kept_out;
    }
    std::erase(of_node.kept_out, who);
    succeed(of_node, who);
    return IncarnationVerdict::began;
  }
  if (holds(of_node.former, who)) {
    std::erase(of_node.former, who);
    add(of_node.kept_out, std::exchange(of_node.current, std::string(who)));
    of_node.copy_seen_at = now;
    return IncarnationVerdict::returned;
  }
  succeed(of_node, who);
  return IncarnationVerdict::began;
}

std::string to_json(const Incarnations& incarnations) {
  json out = {{"current", incarnations.current},
              {"former", incarnations.former},
              {"kept_out", incarnations.kept_out}};
  if (incarnations.copy_seen_at) out["copy_seen_at"] = to_unix(*incarnations.copy_seen_at);
  return out.dump();
}

Incarnations incarnations_from(std::string_view text) {
  Incarnations out;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return out;
  if (object.contains("current") && object["current"].is_string()) {
    out.current = object["current"].get<std::string>();
  }
  out.former = texts(object, "former");
  out.kept_out = texts(object, "kept_out");
  if (object.contains("copy_seen_at") && object["copy_seen_at"].is_number_integer()) {
    out.copy_seen_at = from_unix(object["copy_seen_at"].get<std::int64_t>());
  }
  return out;
}

}  // namespace rap::control
