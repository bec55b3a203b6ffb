// The channels between nodes, as each end last reported them.
#include <algorithm>

#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/administration/routes.hpp"
#include "control/nodes/node.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::control {
namespace {

// What a node said longer ago than this says nothing of its channels now.
constexpr std::chrono::seconds kChannelsStaleAfter{60};

std::string name_of(const std::vector<Node>& nodes, const Json& id) {
  if (!id.is_string()) return "";
  const auto& text = id.get_ref<const std::string&>();
  const auto it = std::ranges::find_if(nodes, [&](const Node& n) { return n.id.str() == text; });
  return it == nodes.end() ? "" : it->name;
}

// The objects of a list a node reported, with the names people know and when that was.
std::vector<Json> said_of(const Json& observations, const char* list, const Node& node,
                          const std::vector<Node>& nodes) {
  std::vector<Json> out;
  const auto found = observations.find(list);
  if (found == observations.end() || !found->is_array()) return out;
  for (Json item : *found) {
    if (!item.is_object()) continue;
    item["peer_name"] = name_of(nodes, item.value("peer", Json{}));
    item["node"] = node.id.str();
    item["node_name"] = node.name;
    item["observed_at"] = to_unix(node.checked_in_at);
    out.push_back(std::move(item));
  }
  return out;
}

Outcome<Reply> list_channels(Database& database, const Call& call) {
  return transact(database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    Json items = Json::array();
    Json reconnects = Json::array();
    const auto nodes = tx.nodes().list();
    for (const Node& node : nodes) {
      if (node.state != NodeState::approved) continue;
      if (node.checked_in_at + kChannelsStaleAfter < call.now) continue;
      const Json observations = parse_stored(node.observations);
      for (Json& item : said_of(observations, "channels", node, nodes)) {
        items.push_back(std::move(item));
      }
      for (Json& item : said_of(observations, "reconnects", node, nodes)) {
        reconnects.push_back(std::move(item));
      }
    }
    return reply({{"items", std::move(items)}, {"reconnects", std::move(reconnects)}});
  });
}

}  // namespace

std::vector<RouteOf<Database>> channel_routes() {
  using namespace field;
  const Fields channel = {
      uuid("id"), uuid("node"), text("node_name"), uuid("peer"), text("peer_name"),
      text("direction"), text("state"), text_list("classes", 16), count("age_s"), count("rtt_us"),
      count("bytes_in"), count("bytes_out"), count("flows"), text("last_reason"),
      time("observed_at"),
      // Older fabrics leave these out.
      text_list("lanes", 8).optional(), count("jitter_us").optional(),
      count("loss_permille").optional(), count("config_version").optional(),
      count("route_epoch").optional(), integer("revalidate_in_s", INT64_MIN, INT64_MAX).optional()};
  const Fields reconnect = {uuid("node"),        text("node_name"),
                            uuid("peer"),        text("peer_name"),
                            count("attempts"),   count("next_in_ms"),
                            text("last_reason"), of("stopped", FieldType::boolean),
                            time("observed_at")};
  AnswerShape channels = list_of(channel);
  channels.members.push_back(
      list("reconnects", static_cast<std::int64_t>(kMaxListed * snapshot::kMaxPeers), reconnect));
  return {
      {{.method = "GET",
        .path = "/api/v1/channels",
        .operation = "listChannels",
        .summary = "Channels and reconnects between nodes, as each end last reported them",
        .access = policy::Access::platform,
        .query = {},
        .body = {},
        .answer = channels},
       list_channels},
  };
}

}  // namespace rap::control
