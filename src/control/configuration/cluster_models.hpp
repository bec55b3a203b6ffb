// What the cluster is, loaded and indexed once per change and shared by all who build
// configurations from it: with thousands of nodes that all pull after one change, the database is
// asked once.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "control/core/database.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/rotation/trust_state.hpp"
#include "snapshot/configuration/cluster_index.hpp"

namespace rap::control {

class ClusterModelRepository {
 public:
  virtual ~ClusterModelRepository() = default;
  // Fills version, cluster, nodes, pools, resources and what is revoked and still of interest.
  virtual snapshot::ClusterModel load(WallTime now) = 0;
};

// Immutable. Everything a configuration is made of, except for whom and when.
struct ClusterState {
  ClusterState(snapshot::ClusterModel model, std::vector<StoredBundle> all_bundles,
               std::shared_ptr<const Authority> by);

  snapshot::ClusterIndex index;
  std::vector<StoredBundle> bundles;  // of roots; oldest first
  std::shared_ptr<const Authority> authority;
  // Signed once, for every node that is given it: the same bytes from every instance.
  std::map<crypto::Sha256, std::string> envelopes;

  std::uint64_t version() const { return index.model().version; }
};

// nullptr when the database failed, which the transaction's own outcome says, or when there is no
// cluster yet.
std::shared_ptr<const ClusterState> load_cluster(Transaction& tx,
                                                 const std::shared_ptr<const Authority>& authority,
                                                 std::chrono::seconds config_valid_for,
                                                 WallTime now);

class ClusterModels {
 public:
  virtual ~ClusterModels() = default;
  // The cluster at this configuration version or a later one, under this authority; loaded in the
  // given transaction unless it is at hand. nullptr like load_cluster().
  virtual std::shared_ptr<const ClusterState> at_least(
      Transaction& tx, std::uint64_t version, const std::shared_ptr<const Authority>& authority,
      WallTime now) = 0;
  // The newest that is at hand, when it is at least that one; else nullptr.
  virtual std::shared_ptr<const ClusterState> held(
      std::uint64_t version, const std::shared_ptr<const Authority>& authority) const = 0;
  // One of the last, of this cluster at exactly this version; nullptr when it is not held any more.
  virtual std::shared_ptr<const ClusterState> recall(ClusterId cluster,
                                                     std::uint64_t version) const = 0;
};

}  // namespace rap::control
