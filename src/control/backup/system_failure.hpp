// What a system call that failed is told as: what it was about, and why.
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>

namespace rap::control::server {

inline std::unexpected<std::string> failed(const std::string& what, int error = errno) {
  return std::unexpected(what + ": " + std::strerror(error));
}

}  // namespace rap::control::server
