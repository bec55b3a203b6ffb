// Nodes as the platform sees them: roles, leaving, and the channels between them.
#include <algorithm>

#include "control/json_reply.hpp"
#include "control/routes.hpp"
#include "control/session_ending.hpp"

namespace rap::control {
namespace {

// What a node said longer ago than this says nothing of its channels now.
constexpr std::chrono::seconds kChannelsStaleAfter{60};

template <class Use>
Outcome<Reply> with_node(Services& s, const Call& call, Use use) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto node = tx.nodes().find(call.path("node"));
    if (!node) {
      return refuse(ProblemCode::node_not_found, "There is no node '" + call.path("node") +
                                                     "'; list them to see which there are.");
    }
    use(tx, *node);
    return reply(to_json(tx.nodes().find(node->id.str()).value_or(*node)));
  });
}

Outcome<Reply> list_nodes(Services& s, const Call&) {
  return transact(s.database, Scope::platform(),
                  [&](Transaction& tx) -> Outcome<Reply> { return reply_list(tx.nodes().list()); });
}

Outcome<Reply> set_roles(Services& s, const Call& call) {
  std::vector<policy::NodeRole> roles;
  for (const Json& role : call.body["roles"]) {
    if (auto parsed = policy::node_role_from(role.get<std::string>())) roles.push_back(*parsed);
  }
  std::ranges::sort(roles);
  roles.erase(std::ranges::unique(roles).begin(), roles.end());
  return with_node(s, call, [&](Transaction& tx, const Node& node) {
    if (node.roles == roles) return;
    tx.nodes().set_roles(node.id, roles);
    AuditEntry entry = call.audit("node.roles_changed", "node", node.id.str(), node.name);
    entry.detail = Json{{"roles", call.body["roles"]}}.dump();
    tx.audit(std::move(entry));
  });
}

Outcome<Reply> disable_node(Services& s, const Call& call) {
  return with_node(s, call, [&](Transaction& tx, const Node& node) {
    if (node.state == NodeState::disabled) return;
    tx.nodes().set_state(node.id, NodeState::disabled, call.now);
    tx.nodes().revoke_certificates(node.id);
    end_sessions(s, tx, call, {.carried_by = node.id}, "node_disabled");
    tx.audit(call.audit("node.disabled", "node", node.id.str(), node.name));
  });
}

std::string name_of(const std::vector<Node>& nodes, const Json& id) {
  if (!id.is_string()) return "";
  const auto& text = id.get_ref<const std::string&>();
  const auto it = std::ranges::find_if(nodes, [&](const Node& n) { return n.id.str() == text; });
  return it == nodes.end() ? "" : it->name;
}

Outcome<Reply> list_channels(Services& s, const Call& call) {
  return transact(s.database, Scope::platform(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    const auto nodes = tx.nodes().list();
    for (const Node& node : nodes) {
      if (node.state != NodeState::approved) continue;
      if (node.checked_in_at + kChannelsStaleAfter < call.now) continue;
      const Json observations = parse_stored(node.observations);
      const auto channels = observations.find("channels");
      if (channels == observations.end() || !channels->is_array()) continue;
      for (Json channel : *channels) {
        if (!channel.is_object()) continue;
        channel["peer_name"] = name_of(nodes, channel.value("peer", Json{}));
        channel["node"] = node.id.str();
        channel["node_name"] = node.name;
        channel["observed_at"] = to_unix(node.checked_in_at);
        items.push_back(std::move(channel));
      }
    }
    return reply_items(std::move(items));
  });
}

}  // namespace

std::vector<Route> node_routes() {
  using namespace field;
  const Fields channel = {
      uuid("id"),        uuid("node"),        text("node_name"),  uuid("peer"),
      text("peer_name"), text("direction"),   text("state"),      text_list("classes", 16),
      count("age_s"),    count("rtt_us"),     count("bytes_in"),  count("bytes_out"),
      count("flows"),    text("last_reason"), time("observed_at")};
  return {
      {.method = "GET",
       .path = "/api/v1/nodes",
       .operation = "listNodes",
       .summary = "Every node with what it last said of itself",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = list_of(node_fields()),
       .handler = list_nodes},
      {.method = "PUT",
       .path = "/api/v1/nodes/{node}/roles",
       .operation = "setNodeRoles",
       .summary = "Give a node exactly these roles",
       .access = policy::Access::platform,
       .query = {},
       .body = {text_list("roles", 3, {"entry", "relay", "egress"})},
       .answer = {200, node_fields()},
       .handler = set_roles},
      {.method = "POST",
       .path = "/api/v1/nodes/{node}/disable",
       .operation = "disableNode",
       .summary = "Take a node out: certificates revoked, sessions ended, peers told",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = {200, node_fields()},
       .handler = disable_node},
      {.method = "GET",
       .path = "/api/v1/channels",
       .operation = "listChannels",
       .summary = "The channels between nodes, as each end last reported them",
       .access = policy::Access::platform,
       .query = {},
       .body = {},
       .answer = list_of(channel),
       .handler = list_channels},
  };
}

}  // namespace rap::control
