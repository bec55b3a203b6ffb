// The answer to a pull of configurations, put together as text: nearly all of it is what was
// signed, which is text already. To copy it into a tree of JSON and print that again took as long
// as its signature (measured with thousands of nodes that pull after one change), so the
// members of text are written beside what nlohmann printed.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/log/json_writer.hpp"
#include "control/http/call.hpp"

namespace rap::control {

// The text of a JSON object with one more member, last: a string.
std::string with_text_member(const nlohmann::json& object, std::string_view name,
                             std::string_view text);

class PulledConfigs {
 public:
  void add(const nlohmann::json& item);
  void add_text(std::string_view item) { items_.json(item); }  // one that is JSON text already
  // The item gets one more member: what is signed, as "envelope" or "increment".
  void add(const nlohmann::json& item, std::string_view what, std::string_view sealed);
  Reply reply(std::chrono::milliseconds ack_within) &&;

 private:
  JsonWriter items_;  // of the list
};

}  // namespace rap::control
