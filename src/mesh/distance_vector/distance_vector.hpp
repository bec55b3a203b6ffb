// The routes of one node, learned from its neighbours: a distance vector that is free of loops by
// the feasibility condition of Babel (RFC 8966), with what a fabric adds to it.
//
//   Babel                            here
//   router-id and seqno              the destination's node id; an epoch and a seqno that it signs
//   hellos, IHU, link cost           the channel's heartbeats; the owner says costs
//   one metric                       one for interactive classes, one for bulk; feasibility of each
//   every neighbour hears all        policy says who hears of what; a leaf tells of itself alone
//   updates by multicast             what a neighbour was told is kept: it hears what is new, and
//                                    all of it every kUpdateInterval
//
// A neighbour is one life of a channel: what was learned over one is gone with it, so that a node
// that lost its memory is in no loop either. Liars may draw flows to themselves by metrics; they
// make no loop of honest nodes, and no destination of theirs out of another's.
//
// A pure core: the owner reports events, carries out the actions it gets back, and calls again at
// next_timeout(). src/node/router/route_exchange.hpp is
// the owner.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <variant>

#include "base/random.hpp"
#include "mesh/distance_vector/destination_routes.hpp"
#include "mesh/distance_vector/ports.hpp"

namespace rap::routes {

// --- times

inline constexpr Duration kUpdateInterval = 20s;  // all is told again; spread by up to a quarter
inline constexpr Duration kRouteLifetime = 70s;  // what is not told again is gone
inline constexpr Duration kSweepInterval = 5s;  // what is over is looked for so often
// Feasibility outlives every route that anybody may have learned under it.
inline constexpr Duration kFeasibilityLifetime = 4 * kRouteLifetime;
inline constexpr Duration kUpdateDelay = 20ms;  // changes are collected for up to so long
inline constexpr Duration kRequestInterval = 300ms;  // the first repetition; doubled each time
inline constexpr unsigned kMaxRequestTries = 6;
inline constexpr Duration kAwaited = 5s;  // a newer number that was asked for is told at once
inline constexpr Duration kSeqnoSpacing = 500ms;  // requests make a node count no faster
// A number that the node signed in another life is exceeded at once; the next one after this, and
// then after twice as long each time: a copy of the node may be doing the same.
inline constexpr Duration kExceedPause = 500ms;
inline constexpr Duration kMaxExceedPause = 5min;
inline constexpr Duration kExceedForgotten = 2 * kMaxExceedPause;  // then it begins anew

// --- bounds

inline constexpr std::size_t kMaxNeighbours = 64;
inline constexpr std::size_t kMaxDestinations = 4096;
inline constexpr std::size_t kMaxAsked = 256;  // destinations of which something newer is asked
// What is heard of one neighbour: entries of messages. What is beyond it waits for its turn, and so
// does what needs a signature verified while there were too many of these; a neighbour is refused
// of which more waits than kMaxUpdatesHeld or kMaxRequestsHeld.
inline constexpr policy::RateLimit kUpdatesTaken{.burst = 16'384, .refill = 1ms};
inline constexpr policy::RateLimit kRequestsTaken{.burst = 512, .refill = 20ms};
inline constexpr policy::RateLimit kSignaturesVerified{.burst = 64, .refill = 300us};  // of all
inline constexpr std::size_t kMaxUpdatesHeld = 12'288;  // 1.5 MiB
inline constexpr std::size_t kMaxRequestsHeld = 512;
// What one neighbour is told: at most half as much, so that it takes even what a stalled channel
// gives it at once, and has room for it until signatures are verified. A quarter of it is left for
// what cannot wait.
inline constexpr policy::RateLimit kUpdatesPaced{.burst = 4096, .refill = 2ms};
inline constexpr policy::RateLimit kUnhurriedPaced{.burst = 3072, .refill = 2ms};
inline constexpr policy::RateLimit kRequestsPaced{.burst = 256, .refill = 40ms};
inline constexpr Duration kPacedPause = 100ms;  // what waits for the pace goes out in runs
// So many signatures that are none, and no more than one in a while.
inline constexpr policy::RateLimit kBadSignatures{.burst = 16, .refill = 30s};
// What there is against a node outlives its channel. It is refused for so long, then twice as long.
inline constexpr Duration kRefusedFor = 30s;
inline constexpr Duration kMaxRefusedFor = 1h;
inline constexpr Duration kRefusalForgotten = 6h;
inline constexpr std::size_t kMaxStandings = 256;  // neighbours that are, or were
// A neighbour is asked and handed at most so many requests at once; others wait.
inline constexpr std::size_t kMaxRequestsWaiting = 128;
inline constexpr std::size_t kAskedAtOnce = 3;  // neighbours that are asked about one destination

struct DistanceVectorSettings {
  ClusterId cluster;
  NodeId self;
  bool is_destination = false;  // flows may end here
  bool is_transit = false;  // it hands on what it learned; a leaf does not
  std::uint64_t epoch = 1;  // greater at each start, as far as the node can tell
  std::uint64_t policy_version = 0;
  std::uint64_t policy_floor = 0;  // routes of an older policy are not taken
  std::uint8_t max_hops = 8;
};

enum class Misconduct : std::uint8_t { malformed, flood, bad_signatures };
constexpr std::string_view to_string(Misconduct m) {
  switch (m) {
    case Misconduct::malformed: return "malformed";
    case Misconduct::flood: return "flood";
    case Misconduct::bad_signatures: return "bad_signatures";
  }
  return "";
}

namespace event {
struct NeighbourUp {  // or up again: what was known of it is gone
  NodeId neighbour;
  LinkCosts costs;
};
struct CostsMeasured {
  NodeId neighbour;
  LinkCosts costs;
};
struct NeighbourDown {
  NodeId neighbour;
};
struct NeighbourPardoned {  // whoever answers for it says that what was wrong is mended
  NodeId neighbour;
};
struct RoutesReceived {
  NodeId neighbour;
  ByteView payload;  // a route frame's
};
struct RoutePolicyChanged {
  std::uint64_t version = 0;
  std::uint64_t floor = 0;
};
struct RolesChanged {
  bool is_destination = false;
  bool is_transit = false;
};
struct KeyReplaced {};  // the node signs with another key from now on
struct RoutesDue {};  // it is next_timeout()
}  // namespace event
using Event =
    std::variant<event::NeighbourUp, event::CostsMeasured, event::NeighbourDown,
                 event::NeighbourPardoned, event::RoutesReceived, event::RoutePolicyChanged,
                 event::RolesChanged, event::KeyReplaced, event::RoutesDue>;

namespace action {
struct SendRoutes {
  NodeId neighbour;
  Bytes payload;  // class route_control
};
struct RouteChanged {
  NodeId destination;
  ClassGroup group = ClassGroup::interactive;
  std::optional<SelectedRoute> route;
};
// Nothing of it is believed for a while, whether its channel stays or comes anew. What it was told
// is taken back, so that it sends nothing this way any more; flows that are there go on.
struct RefuseNeighbour {
  NodeId neighbour;
  Misconduct why = Misconduct::malformed;
  Duration how_long{0};
};
}  // namespace action
using Action = std::variant<action::SendRoutes, action::RouteChanged, action::RefuseNeighbour>;

struct DistanceVectorCounters {
  std::uint64_t updates_sent = 0;
  std::uint64_t updates_taken = 0;
  std::uint64_t updates_ignored = 0;  // policy, bounds, or what cannot be
  std::uint64_t bad_signatures = 0;
  std::uint64_t unknown_keys = 0;  // a destination's key is not known here (yet)
  std::uint64_t requests_sent = 0;
  std::uint64_t requests_answered = 0;
  std::uint64_t changes = 0;  // of selected routes
  std::uint64_t bytes_sent = 0;
  std::uint64_t exceeded = 0;  // numbers of its own that the node had forgotten, or a copy's
  std::uint64_t refusals = 0;
  bool operator==(const DistanceVectorCounters&) const = default;
};

class DistanceVector {
 public:
  // All outlive it.
  DistanceVector(MonoTime now, const DistanceVectorSettings& settings, const RoutePolicy& policy,
                 OriginKeys& keys, RandomSource& rng);

  std::vector<Action> step(MonoTime now, const Event& event);
  MonoTime next_timeout() const;

  std::optional<SelectedRoute> selected(NodeId destination, ClassGroup group) const;
  // The ways that a flow may go without a loop, the selected one first and then by metric, until
  // `takes` returns true: what policy says of one flow alone is for `takes` to say.
  bool visit(NodeId destination, ClassGroup group,
             const std::function<bool(const SelectedRoute&)>& takes) const;

  std::size_t destinations() const { return destinations_.size(); }
  OriginNumber number() const { return own_.number; }
  std::size_t bytes() const;  // of memory, nearly
  const DistanceVectorCounters& counters() const { return counters_; }

 private:
  // What a neighbour was told of one destination and group.
  struct Told {
    Distance distance;
    std::uint8_t hops = 0;
    std::uint64_t policy_version = 0;
    bool operator==(const Told&) const = default;
  };
  using ToldGroups = std::array<std::optional<Told>, kClassGroups>;
  struct Due {
    bool even_if_same = false;  // it is told even if nothing is new
    bool at_once = false;
  };
  struct Neighbour {
    LinkCosts costs{};
    std::map<NodeId, ToldGroups> told;
    std::map<NodeId, Due> due;
    std::vector<wire::SeqnoRequest> asking;
    std::optional<MonoTime> flush_at;
    // What it said and nobody has judged yet.
    std::deque<wire::RouteUpdate> updates_held;
    std::deque<wire::SeqnoRequest> requests_held;
    bool first_is_paid = false;  // of its share, for the first of them
    bool in_turn = false;
    bool refused = false;
  };
  // What a node has of its shares left, and what there is against it.
  struct Standing {
    policy::TokenBucket updates;
    policy::TokenBucket requests;
    policy::TokenBucket told_updates;
    policy::TokenBucket told_requests;
    policy::TokenBucket bad_signatures;
    unsigned refusals = 0;
    MonoTime refused_until{};
  };
  struct Asked {
    MonoTime at;
    MonoTime again_at;
    unsigned tries = 0;
    bool wanted = true;  // else it is kept for its pause alone
  };
  using Destinations = std::map<NodeId, DestinationRoutes>;

  void on(const event::NeighbourUp& e);
  void on(const event::CostsMeasured& e);
  void on(const event::NeighbourDown& e);
  void on(const event::NeighbourPardoned& e);
  void on(const event::RoutesReceived& e);
  void on(const event::RoutePolicyChanged& e);
  void on(const event::RolesChanged& e);
  void on(const event::KeyReplaced&);
  void on(const event::RoutesDue&);

  // distance_vector.cpp: what is selected
  DestinationRoutes::Terms terms(NodeId destination) const;
  void reselect(NodeId destination, DestinationRoutes& routes);
  void reselect_all();
  void forget_neighbour(NodeId neighbour);
  void sweep();

  // hearing.cpp: what neighbours say, and whether it is believed. What cannot be judged now says
  // how long that takes.
  enum class Heard : std::uint8_t { judged, held };
  enum class Origin : std::uint8_t { good, not_believed, not_verified_yet };
  void judge_held();
  std::optional<Duration> judge_some(NodeId from, Neighbour& neighbour);
  Heard take(NodeId from, Neighbour& neighbour, const wire::RouteUpdate& update);
  void learn(NodeId from, const wire::RouteUpdate& update, DestinationRoutes& routes);
  bool is_credible(NodeId from, const wire::RouteUpdate& update) const;
  Origin verify(NodeId from, Neighbour& neighbour, NodeId destination,
                const wire::RouteOrigin& origin);
  void refuse(NodeId from, Neighbour& neighbour, Misconduct why);
  void believe_again(Neighbour& neighbour);
  Standing& standing(NodeId node);
  void forget_standings();

  // telling.cpp: what neighbours are told
  enum class Urgency : std::uint8_t { now, soon };
  void mark_for(Neighbour& neighbour, NodeId destination, Urgency urgency, bool even_if_same);
  void mark(NodeId destination, Urgency urgency);
  void tell_all_again();
  std::optional<Told> to_tell(NodeId destination, ClassGroup group, NodeId neighbour) const;
  void add_updates(NodeId to, Neighbour& neighbour, NodeId destination, bool even_if_same,
                   std::vector<wire::RouteUpdate>& out);
  std::vector<wire::RouteUpdate> updates_for(NodeId to, Neighbour& neighbour);
  std::vector<wire::SeqnoRequest> requests_for(NodeId to, Neighbour& neighbour);
  void flush(NodeId to, Neighbour& neighbour);
  void flush_due();

  // numbers.cpp: the node's own number, and requests for newer ones
  void count_on(OriginNumber beyond);
  void exceed(OriginNumber number);
  Heard hear_of_self(NodeId from, Neighbour& neighbour, const wire::RouteOrigin& origin);
  Heard answer(NodeId from, Neighbour& neighbour, const wire::SeqnoRequest& request);
  Heard answer_of_self(NodeId from, Neighbour& neighbour, const wire::SeqnoRequest& request);
  void hand_on(NodeId from, const wire::SeqnoRequest& request, DestinationRoutes& routes);
  void want(NodeId destination, DestinationRoutes& routes);
  void ask(NodeId destination, DestinationRoutes& routes);
  void ask_again();
  void send_request(NodeId to, const wire::SeqnoRequest& request);

  DistanceVectorSettings settings_;
  const RoutePolicy& policy_;
  OriginKeys& keys_;
  RandomSource& rng_;
  MonoTime now_;
  wire::RouteOrigin own_;
  std::map<NodeId, Neighbour> neighbours_;
  Destinations destinations_;
  std::map<NodeId, Asked> asked_;
  std::map<NodeId, Standing> standings_;
  std::deque<NodeId> turns_;  // neighbours of which something is held, whose turn is first
  std::optional<MonoTime> judge_at_;
  policy::TokenBucket verifications_;
  Duration verified_in_{0};  // the next signature may be
  bool verified_now_ = false;
  std::set<std::pair<MonoTime, NodeId>> settling_;
  MonoTime tell_all_at_;
  MonoTime sweep_at_;
  MonoTime may_count_at_;
  std::optional<MonoTime> count_at_;
  std::optional<OriginNumber> to_exceed_;  // another life's, or a copy's, when that is due
  MonoTime may_exceed_at_;
  MonoTime exceeded_at_;
  Duration exceed_pause_{0};
  DistanceVectorCounters counters_;
  std::vector<Action> actions_;
};

}  // namespace rap::routes
