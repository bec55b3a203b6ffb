// Reading a signing request that somebody sent, and saying what is wrong with it.
#pragma once

#include <expected>
#include <string_view>

#include "crypto/x509/certificate.hpp"

namespace rap::crypto {

enum class CsrFault : std::uint8_t {
  malformed,        // not PKCS #10 in DER within PEM
  wrong_signature,  // not signed with the key that it names
};

std::expected<CertificateRequest, CsrFault> read_csr(std::string_view pem);

}  // namespace rap::crypto
