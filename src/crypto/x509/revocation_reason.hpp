// Why a certificate was revoked, as OCSP and CRLs say it (RFC 5280 §5.3.1).
#pragma once

#include <cstdint>

namespace rap::crypto {

enum class RevocationReason : std::uint8_t {
  unspecified = 0,
  key_compromise = 1,
  superseded = 4,
  cessation_of_operation = 5,
  privilege_withdrawn = 9,
};

}  // namespace rap::crypto
