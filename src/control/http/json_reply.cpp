#include "control/http/json_reply.hpp"

namespace rap::control {

Reply reply(const Json& body) {
  return {body.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json"};
}

Reply reply_items(Json items) {
  Json body = Json::object();
  body["items"] = std::move(items);
  return reply(body);
}

Json parse_stored(const std::string& json_text) {
  Json value = Json::parse(json_text, nullptr, false);
  return value.is_discarded() ? Json::object() : value;
}

}  // namespace rap::control
