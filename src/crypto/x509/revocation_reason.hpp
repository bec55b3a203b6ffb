// Why a certificate was revoked, as OCSP and CRLs say it (RFC 5280 §5.3.1).
#pragma once

#include <cstdint>

namespace rap::crypto {

enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  superseded = 4,
  certificate_hold = 6,  // it may be good again
  privilege_withdrawn = 9,
};

}  // namespace rap::crypto
