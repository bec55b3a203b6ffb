// What the node's link to the control plane asks its shell to do (CP-1), and the calls it makes.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "node/agent/actions.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::agent {

enum class ControlCall : std::uint8_t {
  checkin,
  pull_commands,
  report_result,
  pull_configs,
  get_object,
  ack_config,
  report_config_error,
  renew_certificate,
  pull_epochs,
  pull_blocklist,
  renew_worker,
};

// Send over mutual TLS; the answer comes back with the same `call`.
struct SendToControl {
  ControlCall call;
  wire::HttpRequest request;
};

// Open the stream of hints; how it goes comes back as EventsOpened, HintCame and EventsEnded.
struct OpenEvents {
  wire::HttpRequest request;
};

struct TellFabric {
  std::string message;  // encoded
};
inline TellFabric tell_fabric(const wire::ToFabric& message) {
  return {wire::encode_to_fabric(message)};
}

// Certificate, key or roots in the state directory changed: new connections use them.
struct UseIdentity {};
// Those towards clients changed likewise.
struct UseWorker {};

// Tell rap-fabric who this node is, with the keys and certificates of the state directory.
struct TellIdentity {};

// Another agent has this node's identity, and is the one that counts: rap-fabric must not run here
// until that is over.
struct HoldFabric {
  bool held = false;
};

using LinkAction = std::variant<SendToControl, OpenEvents, TellFabric, TellIdentity, UseIdentity,
                                UseWorker, HoldFabric, Say>;
using LinkActions = std::vector<LinkAction>;

inline void append(LinkActions& to, LinkActions from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace rap::agent
