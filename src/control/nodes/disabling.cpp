#include "control/nodes/disabling.hpp"

#include <nlohmann/json.hpp>

#include "control/nodes/told_of_hosts.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/sessions/ending.hpp"

namespace rap::control {
namespace {

bool& own(DisabledBy& by, NodeSide side) {
  return side == NodeSide::platform ? by.platform : by.organization;
}

std::unexpected<Problem> others_decision(const Node& node, NodeSide side) {
  if (side == NodeSide::platform) {
    return refuse(ProblemCode::forbidden,
                  "'" + node.name + "' is a host of the organization '" + node.organization_name +
                      "', whose owner disabled it. Ask one for 'rap admin nodes enable " +
                      node.name + " --organization " + node.organization_name + "'.");
  }
  return refuse(ProblemCode::forbidden, "The platform disabled '" + node.name +
                                            "'. Ask one of its administrators to enable it.");
}

Outcome<void> check_can_be_enabled(Transaction& tx, const Node& node) {
  if (node.state != NodeState::disabled) {
    return refuse(node.state == NodeState::revoked ? ProblemCode::node_revoked
                                                   : ProblemCode::node_not_approved,
                  "'" + node.name + "' is " + std::string(to_string(node.state)) +
                      "; only a disabled node can be enabled. Invite its host with 'rap admin "
                      "join-tokens create'.");
  }
  if (tx.certificates().list_of_node(node.id).empty()) {
    return refuse(ProblemCode::node_not_approved,
                  "'" + node.name +
                      "' was disabled before it was ever approved. Revoke it, and "
                      "invite its host with 'rap admin join-tokens create'.");
  }
  return {};
}

}  // namespace

Outcome<void> disable_node(RandomSource& rng, Transaction& tx, const Call& call, const Node& node,
                           NodeSide side) {
  DisabledBy by = node.disabled_by;
  if (node.state == NodeState::revoked || own(by, side)) return {};
  own(by, side) = true;
  if (node.state != NodeState::disabled) {
    tx.nodes().set_state(node.id, NodeState::disabled, call.now);
    tx.certificates().hold(node.id, call.now);
    end_sessions(rng, tx, call.audit_entry(), {.carried_by = node.id}, "node_disabled");
  }
  tx.nodes().set_disabled_by(node.id, by);
  audit_with_organization(
      tx,
      call.audit("node.disabled", "node", node.id.str(), node.name).with({{"by", to_string(side)}}),
      node.organization);
  return {};
}

Outcome<void> enable_node(Transaction& tx, const Call& call, const Node& node, NodeSide side) {
  if (node.state == NodeState::approved) return {};
  if (auto ok = check_can_be_enabled(tx, node); !ok) return ok;
  DisabledBy by = node.disabled_by;
  const bool was_own = own(by, side);
  own(by, side) = false;
  if (!was_own && (by.anybody() || side == NodeSide::organization)) {
    return others_decision(node, side);
  }
  if (by.anybody()) {
    tx.nodes().set_disabled_by(node.id, by);
  } else {
    tx.nodes().set_state(node.id, NodeState::approved, call.now);
    tx.certificates().release(node.id);
  }
  audit_with_organization(tx,
                          call.audit("node.enabled", "node", node.id.str(), node.name)
                              .with({{"by", to_string(side)}, {"takes_part", !by.anybody()}}),
                          node.organization);
  return {};
}

}  // namespace rap::control
