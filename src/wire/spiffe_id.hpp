// Workload identities as SPIFFE IDs (SPIFFE-ID §2, PK-2): spiffe://rap/cluster/<id>/<kind>/<id>.
// A leaf certificate carries exactly one, in a URI SAN, and it is the only identity there is.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace rap::wire {

inline constexpr std::string_view kTrustDomain = "rap";

struct SpiffeId {
  // A worker is an entry node as clients meet it.
  enum class Kind : std::uint8_t { node, control, worker };

  ClusterId cluster;
  Kind kind = Kind::node;
  std::array<std::uint8_t, 16> subject{};  // the node's id (of a worker too), or the instance's

  static SpiffeId of_node(ClusterId c, NodeId n) { return {c, Kind::node, n.bytes()}; }
  static SpiffeId of_worker(ClusterId c, NodeId n) { return {c, Kind::worker, n.bytes()}; }
  NodeId node() const { return NodeId(subject); }

  std::string str() const;
  // Refuses a foreign trust domain, query, fragment, port, userinfo, upper case, missing or extra
  // path segments.
  static std::optional<SpiffeId> parse(std::string_view uri);

  auto operator<=>(const SpiffeId&) const = default;
};

}  // namespace rap::wire
