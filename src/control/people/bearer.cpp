#include "control/people/bearer.hpp"

#include "base/encoding.hpp"

namespace rap::control {

std::optional<crypto::Sha256> bearer_sha256(std::string_view header) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!header.starts_with(kScheme)) return std::nullopt;
  const std::string_view token = header.substr(kScheme.size());
  if (!token.starts_with(kBearerPrefix)) return std::nullopt;
  const auto raw = from_base64url(token.substr(kBearerPrefix.size()));
  if (!raw || raw->size() != kBearerBytes) return std::nullopt;
  return crypto::sha256(as_bytes(token));
}

}  // namespace rap::control
