// What a signing request of a node may ask for: exactly the names it was enrolled under (PK-3).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "control/core/problem.hpp"
#include "crypto/x509/certificate.hpp"
#include "wire/url.hpp"

namespace rap::control {

inline constexpr std::int64_t kMaxCsrBytes = 8192;

// The addresses that a node advertises, as they are stored: each was "host:port" when it came.
std::vector<wire::HostPort> parse_advertised(std::initializer_list<std::string_view> addresses);

// The request, when its key is P-256, its subject empty and its names are exactly `expected`,
// which are in their one form (snapshot::canonical_names).
Outcome<crypto::CertificateRequest> accept_request(const std::string& pem,
                                                   const crypto::SubjectNames& expected);

}  // namespace rap::control
