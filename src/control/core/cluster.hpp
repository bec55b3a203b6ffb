// The registry of clusters, and the counters of the one that the transaction acts for.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rap::control {

// The history of the database that the cluster counts in (core/history_loss.hpp).
struct History {
  std::uint64_t count = 1;  // of histories, with this one
  WallTime began{};         // WallTime{}: it is the first
  std::uint64_t config_version = 0;
  bool elsewhere = false;  // the database is not where it counted: restored, or failed over
};

class ClusterRepository {
 public:
  virtual ~ClusterRepository() = default;
  virtual void create(ClusterId cluster, WallTime now) = 0;
  virtual ClusterId first() = 0;  // that was created; nil before
  // Grows with whatever changes what nodes are told; 0 when the transaction acts for none.
  virtual std::uint64_t config_version() = 0;
  // Grows with whatever changes which node is admitted; nullopt when it acts for none.
  virtual std::optional<std::uint64_t> admissions() = 0;
  // nullopt when it acts for none. Whoever looks first says where the database is.
  virtual std::optional<History> history() = 0;
  virtual std::optional<History> lock_history() = 0;  // until the transaction ends
  // All numbers of the cluster jump beyond those of the lost history, of which `known` is one.
  virtual void begin_history(std::uint64_t known, WallTime now) = 0;
};

}  // namespace rap::control
