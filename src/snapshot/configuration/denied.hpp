// The deny list that a configuration holds, as handshakes ask it.
#pragma once

#include <memory>

#include "crypto/x509/validation/deny_list.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::snapshot {

// nullptr: the list cannot be used, and so neither can the configuration.
std::shared_ptr<const crypto::DenyList> deny_list_of(const NodeConfig& config);

}  // namespace rap::snapshot
