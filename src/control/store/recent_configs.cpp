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
  control::StreamingNode& to = entry(node);
  to.config = config;
  to.awaits_until = {};
}

std::optional<control::StreamingNode> RecentConfigs::find(NodeId node) {
  const std::lock_guard lock(mutex_);
  const auto found = nodes_.find(node);
  return found == nodes_.end() ? std::nullopt : std::optional(found->second);
}

void RecentConfigs::await_next(std::span<const NodeId> nodes, WallTime until) {
  const std::lock_guard lock(mutex_);
  for (const NodeId node : nodes) {
    if (const auto known = nodes_.find(node); known != nodes_.end()) {
      if (known->second.config) known->second.awaits_until = until;
    }
  }
}

void RecentConfigs::await_nothing() {
  const std::lock_guard lock(mutex_);
  for (auto& [node, known] : nodes_) known.awaits_until = {};
}

}  // namespace rap::store
