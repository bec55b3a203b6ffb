// The public authorities that this machine trusts: its own bundle, as every program on it reads it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace rap::io {

inline constexpr std::size_t kMaxAuthoritiesBytes = std::size_t{4} * 1024 * 1024;

// What SSL_CERT_FILE names; where that is not set or empty, Debian's bundle.
std::filesystem::path public_authorities_file();
// The bundle, in PEM; empty where it cannot be read: then nobody is trusted by it.
std::string public_authorities();

}  // namespace rap::io
