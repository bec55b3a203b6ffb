// Certificate revocation lists (RFC 5280 §5): complete ones, of everything that one issuer revoked,
// signed by that issuer itself. Ours are for foreign verifiers; our own programs read none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/x509/ca.hpp"
#include "crypto/x509/revocation_reason.hpp"

namespace rap::crypto {

struct CrlEntry {
  std::string serial;  // hex, as Certificate::serial_hex()
  WallTime revoked_at{};
  RevocationReason reason = RevocationReason::unspecified;  // unspecified is not said
};

// Version 2, with AuthorityKeyIdentifier and CRLNumber. `number` must grow from list to list.
Bytes sign_crl(const Issuer& issuer, std::uint64_t number, const std::vector<CrlEntry>& entries,
               WallTime this_update, WallTime next_update);

}  // namespace rap::crypto
