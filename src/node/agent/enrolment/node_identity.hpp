// The identity an enrolled node has on disk.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "crypto/tls/tls.hpp"
#include "node/agent/enrolment/enrolment_record.hpp"
#include "node/agent/node_files.hpp"

namespace rap::agent {

struct NodeIdentity {
  EnrolmentRecord record;
  crypto::TlsIdentity tls;
  std::vector<crypto::Certificate> roots;
  std::vector<crypto::VerificationKey> config_keys;
};

// nullopt while the node is not enrolled. An error when its files contradict each other: that is
// for a person to look at, never to be papered over with a new identity.
std::expected<std::optional<NodeIdentity>, std::string> load_identity(NodeFiles& state);

// The identity that clients are shown: nullopt while there is none that can be used; it is got anew
// then.
std::optional<crypto::TlsIdentity> load_worker(NodeFiles& state);

}  // namespace rap::agent
