#include "control/link/pulls/pulled_configs.hpp"

#include <nlohmann/json.hpp>

#include "base/log/json_writer.hpp"

namespace rap::control {

std::string with_text_member(const nlohmann::json& object, std::string_view name,
                             std::string_view text) {
  JsonWriter out;
  out.begin_object();
  for (const auto& [member, value] : object.items()) out.key(member).json(value.dump());
  out.key(name).text(text).end_object();
  return std::move(out).take();
}

void PulledConfigs::add(const nlohmann::json& item) { items_.json(item.dump()); }

void PulledConfigs::add(const nlohmann::json& item, std::string_view what,
                        std::string_view sealed) {
  items_.json(with_text_member(item, what, sealed));
}

Reply PulledConfigs::reply(std::chrono::milliseconds ack_within) && {
  JsonWriter out;
  out.begin_object().key("configs").begin_array().json(items_.str()).end_array();
  out.key("ack_within_ms").number(ack_within.count()).end_object();
  return {std::move(out).take()};
}

}  // namespace rap::control
