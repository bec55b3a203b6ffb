// What the distance vector asks of others: what policy allows, and what a destination has signed.
// All answers come from memory, at once.
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "wire/frames/route_message.hpp"

namespace rap::routes {

// Policy comes before any metric (RO-2): cluster, organization, service, partition state and class
// are judged behind these. Answers may change with event::RoutePolicyChanged only.
class RoutePolicy {
 public:
  virtual ~RoutePolicy() = default;
  // May the neighbour speak of that destination? A leaf speaks of itself alone.
  virtual bool accepts(NodeId neighbour, NodeId destination) const = 0;
  // May flows of that group for the destination go by way of the neighbour?
  virtual bool permits(NodeId neighbour, NodeId destination, wire::ClassGroup group) const = 0;
  // May the neighbour learn of the destination?
  virtual bool tells(NodeId neighbour, NodeId destination) const = 0;
};

// What a signature is worth. A key that is not known yet says nothing against whoever tells of its
// node: configurations come here earlier than there.
enum class Verified : std::uint8_t { good, wrong, no_key };

// The keys of destinations, and the node's own.
class OriginKeys {
 public:
  using Signature = std::array<std::uint8_t, wire::kOriginSignature>;

  virtual ~OriginKeys() = default;
  virtual Verified verify(NodeId destination, ByteView statement,
                          const Signature& signature) const = 0;
  virtual Signature sign(ByteView statement) = 0;
};

}  // namespace rap::routes
