// The cluster that this control plane serves, as one row of the database.
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
  virtual ClusterId id() = 0;  // nil before it was created
  // Grows with whatever changes what nodes are told; 0 before the cluster was created.
  virtual std::uint64_t config_version() = 0;
  // Grows with whatever changes which node is admitted; nullopt before the cluster was created.
  virtual std::optional<std::uint64_t> admissions() = 0;
};

}  // namespace rap::control
