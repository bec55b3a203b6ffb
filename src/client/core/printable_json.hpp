// What a server sent, as JSON for a program that reads our output and a terminal that may show it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace rap::client {

// The characters that move a cursor, hide or turn text are escaped; all on one line where there is
// no indent.
std::string printable_json(const nlohmann::json& value, int indent = -1);

}  // namespace rap::client
