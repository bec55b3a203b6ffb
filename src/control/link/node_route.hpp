// A row of the node listener's table (CP-1), and what its handler is called with.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "control/http/call.hpp"
#include "control/http/route.hpp"
#include "control/link/admission.hpp"
#include "control/link/ports.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

// A call of an admitted node: a part of the transaction in which it was admitted, which commits
// when the call succeeds.
struct NodeCall : Call {
  Node node;  // without roles and without what it last said of itself
  NodeAdmission admitted;
  Transaction& tx;

  AuditEntry audit_entry() const;
};

using NodeHandler = Outcome<Reply> (*)(const NodeCallPorts&, const NodeCall&);

// A call that nodes repeat by the thousand, of one that was admitted a moment ago.
struct Poll {
  NodeId node;
  ClusterVersions versions;
  const nlohmann::json& body;
  WallTime now;
};
// nullopt: it takes a transaction after all, and the handler.
using PollHandler = std::optional<Reply> (*)(const NodeCallPorts&, const Poll&);

// Kinds of calls that must not wait for one another (CP-6): each has threads of its own.
enum class NodeExecutor : std::uint8_t {
  reports,  // check-ins, results, errors: they write
  acks,  // of configurations, by NodeListener::handle_together()
  pulls,  // of configurations and commands: what nodes wait for after a change
  deltas,
  objects,
  events,
  certificates,
  statuses  // of certificates, as OCSP
};
inline constexpr std::size_t kNodeExecutorCount = 8;
static_assert(static_cast<std::size_t>(NodeExecutor::statuses) + 1 == kNodeExecutorCount);

struct NodeRoute : Endpoint {
  NodeExecutor executor = NodeExecutor::reports;
  NodeHandler handler = nullptr;
  PollHandler from_memory = nullptr;
  // What a node is answered, every other that asks the same at the same versions is answered too.
  bool same_for_all = false;
};

}  // namespace rap::control
