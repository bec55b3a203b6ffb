// Refusals as values (RFC 9457). Clients react to the code, people read the detail, which says what
// to do next and never tells a caller what they may not know.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "wire/problem_code.hpp"

namespace rap::control {

using wire::ProblemCode;

struct ProblemKind {
  ProblemCode code;
  int status;
  std::string_view title;
};
const ProblemKind& kind_of(ProblemCode code);

struct Problem {
  ProblemCode code = ProblemCode::internal_error;
  std::string detail;
  std::optional<std::int64_t> retry_after_s;
  std::string nonce = {};  // for the proof of a device that asks again; mostly empty
};

template <class T>
using Outcome = std::expected<T, Problem>;

inline std::unexpected<Problem> refuse(ProblemCode code, std::string detail) {
  return std::unexpected(Problem{code, std::move(detail), std::nullopt});
}

// The application/problem+json body.
std::string to_json(const Problem& problem);

}  // namespace rap::control
