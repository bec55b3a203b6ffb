// The node's identity files, written by the node-agent and read here.
#pragma once

#include <expected>
#include <filesystem>
#include <string>

#include "crypto/sealing.hpp"
#include "crypto/tls.hpp"

namespace rap::fabric {

struct Identity {
  crypto::TlsIdentity tls;
  crypto::X25519KeyPair seal;
};

// The error names the file that is missing or malformed.
std::expected<Identity, std::string> read_identity(const std::filesystem::path& state);

}  // namespace rap::fabric
