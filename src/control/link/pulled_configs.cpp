#include "control/link/pulled_configs.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"

namespace rap::control {

std::string with_text_member(const nlohmann::json& object, std::string_view name,
                             std::string_view text) {
  std::string out = object.dump();
  out.pop_back();  // the brace that ends it
  out += ',';
  out += quote_json(name);
  out += ':';
  out += quote_json(text);
  out += '}';
  return out;
}

void PulledConfigs::add(const nlohmann::json& item) { append(item.dump()); }

void PulledConfigs::add(const nlohmann::json& item, std::string_view what,
                        std::string_view sealed) {
  append(with_text_member(item, what, sealed));
}

void PulledConfigs::append(std::string_view item) {
  if (!items_.empty()) items_ += ',';
  items_ += item;
}

Reply PulledConfigs::reply(std::chrono::milliseconds ack_within) && {
  return {R"({"configs":[)" + std::move(items_) + R"(],"ack_within_ms":)" +
          std::to_string(ack_within.count()) + "}"};
}

}  // namespace rap::control
