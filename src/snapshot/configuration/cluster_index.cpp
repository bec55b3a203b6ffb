#include "snapshot/configuration/cluster_index.hpp"

#include <algorithm>
#include <utility>

#include "policy/protocols.hpp"

namespace rap::snapshot {

using policy::NodeRole;

bool ModelNode::has(NodeRole role) const {
  return !disabled && std::ranges::find(roles, role) != roles.end();
}

ClusterIndex::ClusterIndex(ClusterModel model) : model_(std::move(model)) {
  index_nodes();
  index_pools();
  index_services();
  index_documents();
}

const ModelNode* ClusterIndex::find(NodeId id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

void ClusterIndex::index_nodes() {
  std::ranges::sort(model_.nodes, {}, &ModelNode::id);
  by_id_.reserve(model_.nodes.size());
  for (ModelNode& node : model_.nodes) {
    std::ranges::sort(node.roles);
    by_id_.emplace(node.id, &node);
    if (node.disabled) disabled_.push_back(&node);
    const bool is_entry = node.has(NodeRole::entry);
    const bool is_egress = node.has(NodeRole::egress);
    if (is_entry) entries_.push_back(&node);
    if (is_egress) egresses_.push_back(&node);
    if (is_entry || is_egress) edges_.push_back(&node);
    if (node.has(NodeRole::relay)) relays_.push_back(&node);
  }
}

void ClusterIndex::index_pools() {
  std::ranges::sort(model_.pools, {}, &ModelPool::id);
  std::ranges::sort(model_.resources, {}, &ConfiguredResource::id);
  for (const ConfiguredResource& resource : model_.resources) {
    resources_of_pool_[resource.pool].push_back(&resource);
  }
  for (ModelPool& pool : model_.pools) {
    std::ranges::sort(pool.members);
    KeyedPool usable{pool.id, {}};
    for (const NodeId id : pool.members) {
      pools_of_node_[id].push_back(pool.id);
      const ModelNode* member = find(id);
      // Nothing new is placed on one that drains; what it carries needs no pool.
      if (!member || member->draining || !member->has(NodeRole::egress)) continue;
      usable.members.push_back({id, member->seal_key});
    }
    if (!usable.members.empty()) usable_pools_.push_back(std::move(usable));
  }
}

void ClusterIndex::index_services() {
  for (const auto& [node, pools] : pools_of_node_) {
    const ModelNode* egress = find(node);
    if (egress == nullptr || !egress->has(NodeRole::egress)) continue;
    wire::TrafficClassSet& classes = service_classes_at_[node];
    for (const EgressPoolId pool : pools) {
      const auto resources = resources_of_pool_.find(pool);
      if (resources == resources_of_pool_.end()) continue;
      for (const ConfiguredResource* resource : resources->second) {
        classes = classes.join(policy::kind_of(resource->protocol).classes);
      }
    }
    service_classes_ = service_classes_.join(classes);
  }
}

wire::TrafficClassSet ClusterIndex::service_classes_at(NodeId node) const {
  const auto it = service_classes_at_.find(node);
  return it == service_classes_at_.end() ? wire::TrafficClassSet{} : it->second;
}

void ClusterIndex::index_documents() {
  for (const KeyedPool& pool : usable_pools_) {
    const auto resources = resources_of_pool_.find(pool.id);
    if (resources == resources_of_pool_.end()) continue;
    for (const ConfiguredResource* resource : resources->second)
      reachable_.insert(resource->organization);
  }
  for (const ModelDocument& d : model_.documents) {
    const ConfigType* type = find_config_type(d.type);
    // One of a newer release that was taken back.
    if (type == nullptr || type->audience == Audience::nobody) continue;
    IndexedDocument document;
    document.audience = type->audience;
    document.payload =
        to_json(Document{model_.cluster, d.type, d.scope, d.version, wire::JsonValue::of(d.value)});
    document.ref = {d.type, d.scope, d.version, crypto::sha256(as_bytes(document.payload))};
    documents_.push_back(std::move(document));
  }
  std::ranges::sort(documents_, {}, [](const IndexedDocument& d) {
    return std::pair(std::string_view(d.ref.type), d.ref.scope);
  });
}

// Least knowledge (SN-1): by role, and of organizations only those that the node has to do with.
bool ClusterIndex::is_for(const IndexedDocument& document, const ModelNode& node,
                          const std::vector<ConfiguredResource>& served) const {
  const auto audience = document.audience;
  const DocumentScope& scope = document.ref.scope;
  const bool to_entries =
      audience == Audience::entries || audience == Audience::entries_and_egresses;
  const bool to_egresses =
      audience == Audience::egresses || audience == Audience::entries_and_egresses;
  if (scope.layer < Layer::organization) {
    return audience == Audience::every_node || (to_entries && node.has(NodeRole::entry)) ||
           (to_egresses && node.has(NodeRole::egress));
  }
  if (to_entries && node.has(NodeRole::entry) && reachable_.contains(scope.organization)) {
    return true;
  }
  return to_egresses && std::ranges::any_of(served, [&](const ConfiguredResource& r) {
           return r.organization == scope.organization &&
                  (scope.layer != Layer::service || r.id == scope.resource);
         });
}

GivenDocuments ClusterIndex::documents_for(const ModelNode& node) const {
  GivenDocuments out;
  const auto served =
      node.has(NodeRole::egress) ? resources_served_by(node.id) : std::vector<ConfiguredResource>{};
  for (const IndexedDocument& document : documents_) {
    if (is_for(document, node, served)) out.list.push_back(&document);
  }
  if (out.list.size() <= kMaxDocuments) return out;
  std::erase_if(out.list, [](const IndexedDocument* document) {
    return document->ref.scope.layer >= Layer::organization;
  });
  out.fits = false;
  return out;
}

std::vector<ConfiguredResource> ClusterIndex::resources_served_by(NodeId node) const {
  std::vector<ConfiguredResource> out;
  const auto pools = pools_of_node_.find(node);
  if (pools == pools_of_node_.end()) return out;
  for (const EgressPoolId pool : pools->second) {
    const auto resources = resources_of_pool_.find(pool);
    if (resources == resources_of_pool_.end()) continue;
    for (const ConfiguredResource* resource : resources->second) out.push_back(*resource);
  }
  std::ranges::sort(out, {}, &ConfiguredResource::id);
  return out;
}

// A node of one role at the edge dials or is dialled by nodes of other roles only, so that it is
// nowhere in what it is told, and no tie is broken by its id.
std::optional<AlikeNodes> ClusterIndex::alike(const ModelNode& node) const {
  if (node.disabled || node.roles.size() != 1 || node.has(NodeRole::relay)) return std::nullopt;
  AlikeNodes out{.roles = node.roles,
                 .draining = node.draining,
                 .drain_deadline = node.draining ? node.drain_deadline : 0,
                 .pools = {}};
  const auto pools = pools_of_node_.find(node.id);
  if (pools != pools_of_node_.end() && node.has(NodeRole::egress)) out.pools = pools->second;
  return out;
}

}  // namespace rap::snapshot
