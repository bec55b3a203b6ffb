// The certificate of a public authority that an entry shows to people, as its node tells of it with
// its check-ins. The node's word for its own keys is as good as its word for anything that it does:
// it comes over its link, proven by its certificate.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/nodes/node.hpp"

namespace rap::control {

inline constexpr std::string_view kPublicCaRef = "system";  // the client's own bundle
inline constexpr std::int64_t kMaxPublicKeys = 2;  // the one it shows, and the next

struct PublicCertificate {
  std::vector<std::string> keys;  // SHA-256 of the SubjectPublicKeyInfo, 64 hex digits each
  CertificateLife life;  // of the one that it shows
};

// nullopt where the node shows none, or says nonsense.
std::optional<PublicCertificate> public_certificate_of(const Node& node);

}  // namespace rap::control
