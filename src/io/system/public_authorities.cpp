#include "io/system/public_authorities.hpp"

#include <cstdlib>

#include "io/system/file.hpp"

namespace rap::io {
namespace {

constexpr const char* kDebiansBundle = "/etc/ssl/certs/ca-certificates.crt";

}  // namespace

std::filesystem::path public_authorities_file() {
  const char* named = std::getenv("SSL_CERT_FILE");
  return named != nullptr && *named != '\0' ? named : kDebiansBundle;
}

std::string public_authorities() {
  return read_file(public_authorities_file(), kMaxAuthoritiesBytes).value_or("");
}

}  // namespace rap::io
