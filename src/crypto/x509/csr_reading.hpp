// Reading a signing request that somebody sent, and saying what is wrong with it.
#pragma once

#include <expected>
#include <string_view>

#include "crypto/x509/certificate.hpp"

namespace rap::crypto {

enum class CsrFault : std::uint8_t {
  malformed,        // it is no PKCS #10 in DER within PEM
  wrong_signature,  // another key than the one it names signed it
};

std::expected<CertificateRequest, CsrFault> read_csr(std::string_view pem);

}  // namespace rap::crypto
