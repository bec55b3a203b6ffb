// The two numbers a node must not forget: the newest configuration it accepted, below which
// nothing is accepted again, and the last command it finished.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "agent/state_directory.hpp"

namespace rap::agent {

struct LinkState {
  std::uint64_t config_floor = 0;
  std::uint64_t commands_seq = 0;
};

// All zeros when there is no file. An error when it cannot be read or is damaged: going on without
// it would open the way to a rollback.
std::expected<LinkState, std::string> load_link_state(StateDirectory& directory);
StoreResult save_link_state(StateDirectory& directory, const LinkState& state);

}  // namespace rap::agent
