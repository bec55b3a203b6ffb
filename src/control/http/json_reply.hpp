// Answers as JSON. A value's to_json(), and the fields that it has, are in the room of its concept.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/http/call.hpp"

namespace rap::control {

using Json = nlohmann::json;

Reply reply(const Json& body);
inline Reply no_content() { return {"", ""}; }

Reply reply_items(Json items);
template <class T>
Reply reply_list(const std::vector<T>& values) {
  Json items = Json::array();
  for (const T& value : values) items.push_back(to_json(value));
  return reply_items(std::move(items));
}

Json parse_stored(const std::string& json_text);  // JSON we stored ourselves

}  // namespace rap::control
