// Which way a new flow goes. A Routing knows the ways, best first, each with how it leads there:
// configuration tells it, and what was learned from neighbours. Links say which neighbour can
// be reached now. choose() puts the two together; where a flow may go at all is policy, which the
// ways and the links have been through before a metric orders them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "base/ids.hpp"
#include "wire/traffic_class.hpp"

namespace rap::mesh {

using LinkId = std::uint32_t;

// An egress, or any member of a pool of them.
using Destination = std::variant<NodeId, EgressPoolId>;

struct Query {
  Destination to;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  // Members of a pool are tried in an order that this number turns: what has the same number stays
  // together, what has another is spread.
  std::size_t spread = 0;
};

// How a route leads to where the flow ends, in the order of preference.
enum class RouteKind : std::uint8_t {
  itself,  // the flow ends here
  direct,  // the next hop is where the flow ends
  relay,  // the next hop hands it on
};
std::string_view to_string(RouteKind kind);

struct FlowRoute {
  NodeId egress;  // where the flow ends
  NodeId next_hop;  // a neighbour that leads there; the node itself when the flow ends here
  RouteKind kind = RouteKind::direct;
  bool operator==(const FlowRoute&) const = default;
};

class Routing {
 public:
  virtual ~Routing() = default;
  // Routes, best first, until `takes` returns true. False: it took none.
  virtual bool visit(const Query& query,
                     const std::function<bool(const FlowRoute&)>& takes) const = 0;
};

class Links {
 public:
  virtual ~Links() = default;
  // A link to the neighbour that takes a new flow of this class now.
  virtual std::optional<LinkId> link_to(NodeId neighbour, wire::TrafficClass c) const = 0;
};

struct Choice {
  FlowRoute route;
  LinkId link = 0;
};

// The best route that has a link.
std::optional<Choice> choose(const Routing& routing, const Links& links, const Query& query);

}  // namespace rap::mesh
