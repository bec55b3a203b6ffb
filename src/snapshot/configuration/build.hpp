// Makes what one node is told of what the control plane knows of the cluster (SN-1). The same model
// gives the same configuration. Who is whose neighbour, and which way flows go, is in
// mesh/neighbours.hpp.
#pragma once

#include <optional>

#include "base/time.hpp"
#include "snapshot/configuration/cluster_index.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::snapshot {

// Returns nullopt when the node does not take part. Lists come out sorted by id (next hops: the
// egress itself first), so that equal models give equal configurations. The work grows with what
// comes out, not with the cluster. Revocations that lost their meaning before `issued_at` are left
// out.
std::optional<NodeConfig> build_node_config(const ClusterIndex& cluster, NodeId node,
                                            WallTime issued_at);

}  // namespace rap::snapshot
