// The admission_cache of a cluster's nodes, remembered in memory and confirmed by one small read of
// the database for all who ask within kVersionsAge.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "control/core/database.hpp"
#include "control/link/admission.hpp"

namespace rap::store {

// How far back "a moment ago" reaches at most: for so long a node that was just revoked may still
// be given what was its own before. A change that is announced, or
// was made by this server, is seen at once (forget).
inline constexpr std::chrono::milliseconds kVersionsAge{20};
inline constexpr std::size_t kMaxRemembered = 16384;  // nodes with their certificates
// Nodes whose admission changed; beyond them all are asked for in the database once more.
inline constexpr std::size_t kMaxChangesFollowed = 4096;

class RecentAdmissions final : public control::AdmissionCache {
 public:
  // It remembers the nodes of this cluster.
  RecentAdmissions(control::Database& database, ClusterId cluster, std::function<MonoTime()> clock)
      : database_(database), cluster_(cluster), clock_(std::move(clock)) {}

  std::optional<control::ClusterVersions> versions_for(NodeId node,
                                                       std::string_view serial) override;
  void remember(NodeId node, std::string_view serial, std::uint64_t admissions) override;
  // Something changed: what was read before now counts no more.
  void forget();

 private:
  struct Reading {
    std::optional<control::ClusterVersions> versions;
    std::vector<control::AdmissionChange> changes;  // since the reading before
  };

  std::optional<control::ClusterVersions> recent();
  Reading read(std::uint64_t followed);
  void follow(const Reading& reading);
  bool holds(NodeId node, std::uint64_t admissions) const;

  control::Database& database_;
  const ClusterId cluster_;
  const std::function<MonoTime()> clock_;
  std::mutex mutex_;
  std::condition_variable ended_;  // a reading
  bool reading_ = false;
  std::uint64_t generation_ = 0;  // of what may count
  std::uint64_t read_generation_ = 0;  // of what was read last
  MonoTime read_at_{};  // when that began
  std::optional<control::ClusterVersions> newest_;
  // Each with the count of admissions at which it was admitted.
  std::map<std::pair<NodeId, std::string>, std::uint64_t> admitted_;
  // Who was admitted at a lower count than this is not known to be so any more: anybody, and one.
  std::uint64_t floor_ = 0;
  std::unordered_map<NodeId, std::uint64_t> floor_of_;
  std::uint64_t followed_ = 0;  // the count up to which those two know of all changes
};

}  // namespace rap::store
