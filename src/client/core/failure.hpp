// How a command ends: one exit code per kind of trouble, and a sentence that says what to do next.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace rap::client {

enum class ExitCode : std::uint8_t {
  ok = 0,
  failed = 1,
  usage = 2,
  not_signed_in = 3,  // never, or no longer
  denied = 4,
  not_found = 5,
  unreachable = 6,
  untrusted = 7,  // a server that does not prove to be the platform
};

struct Failure {
  ExitCode code = ExitCode::failed;
  std::string text;
  std::string problem = {};  // the server's code for it, when it is a refusal of the server
};

template <class T>
using Fallible = std::expected<T, Failure>;

inline std::unexpected<Failure> fail(ExitCode code, std::string text) {
  return std::unexpected(Failure{code, std::move(text)});
}

}  // namespace rap::client
