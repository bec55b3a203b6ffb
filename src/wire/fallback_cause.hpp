// Why a client passed an entry over and went to the next (PK-9): a closed set, which clients report
// and the control plane counts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rap::wire {

enum class FallbackCause : std::uint8_t {
  certificate_expired,
  hostname_mismatch,
  unknown_ca,
  certificate_revoked,  // the deny list names it, or its issuer said so
  status_not_good,  // no staple where there must be one, or one that proves nothing
  certificate_invalid,  // anything else about it
  token_failure,
  unreachable,  // no connection, or it was lost before it carried anything
  not_ready,  // the entry itself could not
};
inline constexpr std::array<std::string_view, 9> kFallbackCauses = {
    "certificate_expired", "hostname_mismatch", "unknown_ca",
    "certificate_revoked", "status_not_good",   "certificate_invalid",
    "token_failure",       "unreachable",       "not_ready"};

constexpr std::string_view to_string(FallbackCause cause) {
  return kFallbackCauses[static_cast<std::size_t>(cause)];
}

}  // namespace rap::wire
