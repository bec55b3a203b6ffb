// The numbers a node must not forget: the newest configuration and the newest trust bundle it
// accepted, below which nothing is accepted again, and the last command it finished.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "base/ids.hpp"
#include "node/agent/node_files.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::agent {

struct LinkState {
  ClusterId cluster;  // that counts so
  std::uint64_t config_floor = 0;
  std::uint64_t commands_seq = 0;
  std::uint64_t trust_bundle = snapshot::kFirstTrustBundle;  // of the roots in identity/ca.pem
};

// All zeros when there is no file. An error when it cannot be read, is damaged or of another
// cluster: going on without it would open the way to a rollback.
std::expected<LinkState, std::string> load_link_state(NodeFiles& directory, ClusterId cluster);
StoreResult save_link_state(NodeFiles& directory, const LinkState& state);

}  // namespace rap::agent
