// What a signing request of a node may ask for: exactly the names it was enrolled under (PK-3).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "control/core/problem.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::control {

inline constexpr std::int64_t kMaxCsrBytes = 8192;

// The names of a node's certificate: its SPIFFE ID and the hosts of its advertised addresses
// ("host:port", already checked). DNS names in lower case, IPs canonical, both sorted, each once.
crypto::SubjectNames node_names(ClusterId cluster, NodeId node,
                                const std::vector<std::string>& advertised);

// The names an entry node meets clients under: as a worker, at the advertised address of the entry.
crypto::SubjectNames worker_names(ClusterId cluster, NodeId node, const std::string& advertised);

// The request, when its key is P-256, its subject empty and its names are exactly `expected`.
Outcome<crypto::CertificateRequest> accept_request(const std::string& pem,
                                                   const crypto::SubjectNames& expected);

}  // namespace rap::control
