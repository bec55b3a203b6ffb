// What a refusal (RFC 9457) says, whoever made it and whether or not it is a problem document.
#pragma once

#include <string>
#include <string_view>

#include "wire/http/http_message.hpp"

namespace rap::wire {

struct ReadProblem {
  std::string code;      // "join_token_used"; empty: it has none
  std::string detail;    // a sentence; never empty
  bool is_told = false;  // the sentence is of whoever refused
};

// `whom` answered, as the beginning of a sentence: "The server".
ReadProblem read_problem(const HttpResponse& response, std::string_view whom);

}  // namespace rap::wire
