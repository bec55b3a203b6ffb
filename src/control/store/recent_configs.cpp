#include "control/store/recent_configs.hpp"

namespace rap::store {

control::StreamingNode& RecentConfigs::entry(NodeId node) {
  if (nodes_.size() >= kMaxGivenConfigs && !nodes_.contains(node)) nodes_.clear();
  return nodes_[node];
}

void RecentConfigs::stream_opened(NodeId node, const std::string& serial) {
  const std::lock_guard lock(mutex_);
  entry(node).serial = serial;
}

void RecentConfigs::given(NodeId node, const control::GivenConfig& config) {
  const std::lock_guard lock(mutex_);
  entry(node).config = config;
}

std::optional<control::StreamingNode> RecentConfigs::find(NodeId node) {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace rap::store
