// The configurations of one moment and their texts. Those of nodes that are told alike differ in
// whose they are and in nothing else: one is built and written, and made each node's own.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "snapshot/configuration/build.hpp"

namespace rap::snapshot {

// A configuration, and its text on both sides of the members that say whose it is.
class OwnableConfig {
 public:
  OwnableConfig(NodeConfig config, bool is_shared);

  const NodeConfig& config() const { return config_; }  // of one of those that it is for
  bool is_shared() const { return is_shared_; }
  NodeConfig config_of(NodeId node, std::string_view name) const;
  // The same as to_json() of that, in place of what `into` held.
  void write_text_of(NodeId node, std::string_view name, std::string& into) const;
  std::size_t text_bytes() const { return before_.size() + after_.size(); }

 private:
  NodeConfig config_;
  bool is_shared_;
  std::string before_;
  std::string after_;
};

class ConfigTexts {
 public:
  // The cluster must outlive it.
  ConfigTexts(const ClusterIndex& cluster, WallTime issued_at)
      : cluster_(cluster), issued_at_(issued_at) {}

  // nullptr: the node does not take part.
  std::shared_ptr<const OwnableConfig> find(const ModelNode& node);
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  const ClusterIndex& cluster_;
  const WallTime issued_at_;
  std::map<AlikeNodes, std::shared_ptr<const OwnableConfig>> shared_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace rap::snapshot
