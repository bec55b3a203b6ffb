#include "snapshot/configuration/config_texts.hpp"

#include <utility>

#include "wire/json_text.hpp"

namespace rap::snapshot {
namespace {

// The two members that say whose it is stand side by side in to_json(), so that another owner's
// take their place in its text; what is made so is compared with to_json() by a test.
std::string owner_members(NodeId node, std::string_view name) {
  std::string out = "\"node\":\"" + node.str() + "\",\"node_name\":";
  wire::append_json_text(name, out);
  return out;
}

}  // namespace

OwnableConfig::OwnableConfig(NodeConfig config, bool is_shared)
    : config_(std::move(config)), is_shared_(is_shared) {
  const std::string text = to_json(config_);
  const std::string owner = owner_members(config_.node, config_.node_name);
  const std::size_t at = text.find(owner);
  before_ = text.substr(0, at);
  after_ = text.substr(at + owner.size());
}

NodeConfig OwnableConfig::config_of(NodeId node, std::string_view name) const {
  NodeConfig out = config_;
  out.node = node;
  out.node_name = name;
  return out;
}

void OwnableConfig::write_text_of(NodeId node, std::string_view name, std::string& into) const {
  into.assign(before_).append(owner_members(node, name)).append(after_);
}

std::shared_ptr<const OwnableConfig> ConfigTexts::find(const ModelNode& node) {
  const auto alike = cluster_.alike(node);
  if (alike) {
    if (const auto known = shared_.find(*alike); known != shared_.end()) return known->second;
  }
  auto config = build_node_config(cluster_, node.id, issued_at_);
  if (!config) return nullptr;
  auto out = std::make_shared<const OwnableConfig>(std::move(*config), alike.has_value());
  if (alike) {
    shared_.emplace(*alike, out);
    kept_bytes_ += out->text_bytes();
  }
  return out;
}

}  // namespace rap::snapshot
