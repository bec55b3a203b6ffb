// The node's identity files, written by the node-agent and read here.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>

#include "crypto/sealing/sealing.hpp"
#include "crypto/tls/tls.hpp"

namespace rap::fabric {

struct Identity {
  crypto::TlsIdentity tls;
  crypto::X25519KeyPair seal;
  std::optional<crypto::TlsIdentity> worker;  // towards clients; none: not yet
};

// The error names the file that is missing or malformed. A staple is taken along when it is about
// the certificate beside it; how fresh it is and what it says is for who is shown it to judge.
std::expected<Identity, std::string> read_identity(const std::filesystem::path& state,
                                                   WallTime now);

}  // namespace rap::fabric
