// The registry of clusters, and the counters of the one that the transaction acts for.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rap::control {

class ClusterRepository {
 public:
  virtual ~ClusterRepository() = default;
  virtual void create(ClusterId cluster, WallTime now) = 0;
  virtual ClusterId first() = 0;  // that was created; nil before
  // Grows with whatever changes what nodes are told; 0 when the transaction acts for none.
  virtual std::uint64_t config_version() = 0;
  // Grows with whatever changes which node is admitted; nullopt when it acts for none.
  virtual std::optional<std::uint64_t> admissions() = 0;
};

}  // namespace rap::control
