// The control plane's own certificate, which people, agents and tools are shown: in the inventory
// like every other (PK-6), so that it can be revoked, and that OCSP, CRLs and deny lists tell so.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/core/database.hpp"
#include "control/pki/authority.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::control {

inline constexpr std::string_view kOwnCertificateName = "control plane";

enum class OwnStanding : std::uint8_t { good, revoked, unknown };  // unknown: the database is away

// Enters the certificate unless it is there already. One of the serial `replaced` retires: it is
// good until it expires all the same.
OwnStanding enter_own_certificate(Database& database, const Authority& authority,
                                  const std::vector<crypto::Certificate>& chain,
                                  const std::string& replaced, WallTime now);

}  // namespace rap::control
