// Which version of which value every node runs with (CP-7). What a node should have is what its
// configuration lists, so one that is silent is seen too.
#include <algorithm>
#include <map>

#include "control/configuration/cluster_models.hpp"
#include "control/configuration/config_document.hpp"
#include "control/configuration/routes.hpp"
#include "control/core/cluster.hpp"
#include "control/core/listing.hpp"
#include "control/http/json_reply.hpp"

namespace rap::control {
namespace {

using snapshot::DocumentScope;
using snapshot::ModelNode;

using DocumentKey = std::pair<std::string, DocumentScope>;

DocumentKey key_of(const ConfigDocument& d) {
  return {d.type,
          {d.layer, d.organization.value_or(OrganizationId{}), d.resource.value_or(ResourceId{})}};
}

// The nodes that each value is given to. A node that is disabled is told nothing and owes nothing.
struct Given {
  std::map<DocumentKey, std::vector<const ModelNode*>> nodes;
  std::vector<const ModelNode*> overfull;
};

Given given_by(const snapshot::ClusterIndex& cluster) {
  Given out;
  for (const ModelNode& node : cluster.model().nodes) {
    if (node.disabled) continue;
    const snapshot::GivenDocuments documents = cluster.documents_for(node);
    if (!documents.fits) out.overfull.push_back(&node);
    for (const snapshot::IndexedDocument* document : documents.list) {
      out.nodes[{document->ref.type, document->ref.scope}].push_back(&node);
    }
  }
  return out;
}

Json item_of(const ConfigDocument& d, const ModelNode& node, const DocumentProgress& progress) {
  Json item = {{"type", d.type},         {"layer", to_string(d.layer)},
               {"version", d.version},   {"node", node.id.str()},
               {"node_name", node.name}, {"applied_version", progress.applied_version}};
  if (progress.applied_at) item["applied_at"] = to_unix(*progress.applied_at);
  if (progress.applied_version < d.version) item["pending_since"] = to_unix(d.changed_at);
  if (!progress.error.empty()) item["error"] = progress.error;
  if (!d.organization_name.empty()) item["organization"] = d.organization_name;
  if (!d.resource_name.empty()) item["resource"] = d.resource_name;
  return item;
}

Json overfull_item(const ModelNode& node, std::uint64_t version) {
  return {{"type", kNodeConfig},
          {"layer", to_string(snapshot::Layer::platform)},
          {"version", version},
          {"node", node.id.str()},
          {"node_name", node.name},
          {"applied_version", 0},
          {"error", "more than " + std::to_string(snapshot::kMaxDocuments) +
                        " values are for this node, so it serves no organization; remove some"}};
}

// Those who lag come first: they are what a bounded list is read for.
class Listing {
 public:
  void add(Json item) {
    const bool lags = item.contains("pending_since") || item.contains("error");
    std::vector<Json>& list = lags ? lagging_ : current_;
    if (list.size() < kMaxListed) list.push_back(std::move(item));
  }
  Json items() && {
    Json out = Json::array();
    for (std::vector<Json>* list : {&lagging_, &current_}) {
      for (Json& item : *list) {
        if (out.size() < kMaxListed) out.push_back(std::move(item));
      }
    }
    return out;
  }

 private:
  std::vector<Json> lagging_;
  std::vector<Json> current_;
};

Outcome<Reply> show_status(ConfigStatusPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto cluster =
        ports.models.at_least(tx, tx.cluster().config_version(), ports.authority.get(), call.now);
    if (!cluster) return refuse(ProblemCode::internal_error, "The cluster is not initialised.");
    const Given given = given_by(cluster->index);
    Listing listing;
    for (const ModelNode* node : given.overfull) {
      listing.add(overfull_item(*node, cluster->version()));
    }
    for (const ConfigDocument& d : tx.configs().list_for_nodes()) {
      const auto nodes = given.nodes.find(key_of(d));
      if (nodes == given.nodes.end()) continue;
      const auto progress = tx.configs().progress_of(d);
      for (const ModelNode* node : nodes->second) {
        const auto known = progress.find(node->id);
        listing.add(
            item_of(d, *node, known == progress.end() ? DocumentProgress{} : known->second));
      }
    }
    return reply_items(std::move(listing).items());
  });
}

}  // namespace

std::vector<RouteOf<ConfigStatusPorts>> config_status_routes() {
  using namespace field;
  return {{{.method = "GET",
            .path = "/api/v1/config-status",
            .operation = "getConfigStatus",
            .summary = "Which version of which value every node runs with, those that lag first",
            .access = policy::Access::platform,
            .query = {},
            .body = {},
            .answer = list_of({text("type"), text("layer"), count("version"), uuid("node"),
                               field::name("node_name"), count("applied_version"),
                               time("applied_at").optional(), time("pending_since").optional(),
                               text("error", 8192).optional(), text("organization").optional(),
                               text("resource").optional()})},
           show_status}};
}

}  // namespace rap::control
