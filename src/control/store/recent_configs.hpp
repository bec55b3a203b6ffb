// What nodes were given of the configuration, in memory and for all threads that answer nodes.
#pragma once

#include <mutex>
#include <unordered_map>

#include "control/link/given_configs.hpp"

namespace rap::store {

// Beyond them everybody is forgotten, and asks once.
inline constexpr std::size_t kMaxGivenConfigs = 16384;

class RecentConfigs final : public control::GivenConfigs {
 public:
  void stream_opened(NodeId node, const std::string& serial) override;
  void given(NodeId node, const control::GivenConfig& config) override;
  std::optional<control::StreamingNode> find(NodeId node) override;
  void await_next(std::span<const NodeId> nodes, WallTime until) override;
  void await_nothing() override;

 private:
  control::StreamingNode& entry(NodeId node);

  std::mutex mutex_;
  std::unordered_map<NodeId, control::StreamingNode> nodes_;
};

}  // namespace rap::store
