// The numbers a node must not forget: the newest configuration and the newest trust bundle it
// accepted, below which nothing is accepted again, and the last command it finished.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "node/agent/node_files.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::agent {

struct LinkState {
  std::uint64_t config_floor = 0;
  std::uint64_t commands_seq = 0;
  std::uint64_t trust_bundle = snapshot::kFirstTrustBundle;  // of the roots in identity/ca.pem
};

// All zeros when there is no file. An error when it cannot be read or is damaged: going on without
// it would open the way to a rollback.
std::expected<LinkState, std::string> load_link_state(NodeFiles& directory);
StoreResult save_link_state(NodeFiles& directory, const LinkState& state);

}  // namespace rap::agent
