// What comes from elsewhere, as a terminal may be shown it: nobody moves the cursor, breaks a line,
// hides something or turns the order of what follows. Every text of a server goes through here.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace rap::client {

// With '?' for each character that does any of that, and for each byte that is no UTF-8.
std::string printable(std::string_view text);
// The same for a text of several lines, whose breaks are ours.
std::string printable_lines(std::string_view text);
// JSON with such characters escaped: a program reads what was sent. On one line where there is no
// indent.
std::string printable_json(const nlohmann::json& value, int indent = -1);

}  // namespace rap::client
