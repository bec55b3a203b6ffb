// Is one certificate of a path written as RFC 5280 and a private fabric demand? What OpenSSL lets
// pass even when it is strict. Internal to this layer.
#pragma once

#include "crypto/x509/certificate.hpp"

namespace rap::crypto {

// Version 3; a positive serial of at most 20 octets; a P-256 key as an uncompressed point, or an
// Ed25519 key; a signature algorithm without parameters; no extension twice, every known one in DER
// to its last byte; constraints critical.
bool well_formed(const Certificate& certificate);

}  // namespace rap::crypto
