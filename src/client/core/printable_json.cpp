#include "client/core/printable_json.hpp"

#include <nlohmann/json.hpp>

#include "base/log/printable.hpp"

namespace rap::client {

std::string printable_json(const nlohmann::json& value, int indent) {
  // What is left of such characters after `dump` is within strings, but for the breaks of its
  // lines.
  return printable_json_text(
      value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace rap::client
