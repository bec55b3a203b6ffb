// The node's identity, as the node-agent says it: rap-fabric has its keys in memory alone.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "crypto/sealing/sealing.hpp"
#include "crypto/tls/tls.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::fabric {

struct Identity {
  std::optional<ClusterId> cluster;  // whose certificate it is
  crypto::TlsIdentity tls;
  crypto::X25519KeyPair seal;
  std::optional<crypto::TlsIdentity> worker;  // towards clients; none: not yet
};

// The error names what is malformed. A staple is taken along when it is about the certificate
// beside it; how fresh it is and what it says is for who is shown it to judge.
std::expected<Identity, std::string> read_identity(const wire::Identify& said, WallTime now);

}  // namespace rap::fabric
