#include "control/nodes/notices/incarnations.hpp"

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

// `who` counts from now on; returns who counted before.
std::string count(Incarnations& of_node, std::string_view who, WallTime now) {
  of_node.current_since = now;
  return std::exchange(of_node.current, std::string(who));
}

void succeed(Incarnations& of_node, std::string_view who, WallTime now) {
  add(of_node.former, count(of_node, who, now));
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
  if (who == of_node.current) {
    if (of_node.current_since && now >= *of_node.current_since + kResidence) {
      of_node.resident = of_node.current;
    }
    return IncarnationVerdict::known;
  }
  if (holds(of_node.kept_out, who)) {
    if (now < heard + kIncarnationSilence) {
      of_node.copy_seen_at = now;
      return IncarnationVerdict::kept_out;
    }
    std::erase(of_node.kept_out, who);
    succeed(of_node, who, now);
    return IncarnationVerdict::began;
  }
  const bool is_resident = !who.empty() && who == of_node.resident;
  if (is_resident || holds(of_node.former, who)) {
    std::erase(of_node.former, who);
    of_node.copy_seen_at = now;
    if (!is_resident && of_node.current == of_node.resident) {
      add(of_node.kept_out, std::string(who));
      return IncarnationVerdict::caught;
    }
    add(of_node.kept_out, count(of_node, who, now));
    return IncarnationVerdict::returned;
  }
  succeed(of_node, who, now);
  return IncarnationVerdict::began;
}

std::string to_json(const Incarnations& incarnations) {
  json out = {{"current", incarnations.current},
              {"resident", incarnations.resident},
              {"former", incarnations.former},
              {"kept_out", incarnations.kept_out}};
  if (incarnations.current_since) out["current_since"] = to_unix(*incarnations.current_since);
  if (incarnations.copy_seen_at) out["copy_seen_at"] = to_unix(*incarnations.copy_seen_at);
  return out.dump();
}

Incarnations incarnations_from(std::string_view text) {
  Incarnations out;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return out;
  const auto text_of = [&](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto time_of = [&](const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_number_integer()
               ? std::optional(from_unix(found->get<std::int64_t>()))
               : std::nullopt;
  };
  out.current = text_of("current");
  out.current_since = time_of("current_since");
  out.resident = text_of("resident");
  out.former = texts(object, "former");
  out.kept_out = texts(object, "kept_out");
  out.copy_seen_at = time_of("copy_seen_at");
  return out;
}

}  // namespace rap::control
