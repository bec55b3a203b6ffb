// Answers as docs/api/openapi.json describes them, for a server that tests script.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace rap::client {

// `given` with what the API requires and it lacks. An operation or a member that the API does not
// have throws std::logic_error.
nlohmann::json completed(const std::string& method, const std::string& path,
                         const nlohmann::json& given);
// An answer with every member, and one item in every list.
nlohmann::json full_answer(const std::string& method, const std::string& path);

}  // namespace rap::client
