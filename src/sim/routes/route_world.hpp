// A mesh of distance vectors in which everything goes wrong, and then right again, from one seed.
// Channels are sessions over links: ordered and reliable, with latency, clogging, one way or both
// cut; an end that hears nothing gives its session up after a while, and a session that is dialled
// anew is another one. Nodes restart, with clocks that were set back, policy changes here before
// there, and some lie. First comes a storm, in which only safety can be asked for; then everything
// heals, and within bounds every way is there, and is the nearest.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "mesh/distance_vector/distance_vector.hpp"
#include "sim/routes/mesh_truth.hpp"
#include "sim/schedule.hpp"

namespace rap::sim {

// What a whole mesh does wrong, so that the invariants have something to find.
enum class PlantedRoute : std::uint8_t {
  none,
  forgets_feasibility,  // every update that arrives has a newer number than all before
  believes_every_signature,
  never_measures,  // costs stay what they were when a channel began
};

struct RoutePlan {
  MeshPlan mesh;
  Duration storm{60s};
  Duration quiet{300s};  // until the nearest ways must have been taken
  Duration mishaps{400ms};  // two are so far apart on average
  bool liars = true;
  PlantedRoute planted = PlantedRoute::none;
  bool nearest = true;   // it goes on until then; else it ends when all ways are there
  bool all_ways = true;  // eligible routes are looked at too, not the selected ones alone
};

// A mesh of so many nodes: a tenth of them relay, and a twentieth, at most 200, are destinations.
RoutePlan plan_of(std::size_t nodes);

struct RouteResult {
  std::optional<std::string> violation;
  std::uint64_t digest = 0;
  std::uint64_t changes = 0;
  std::uint64_t lies = 0;
  std::uint64_t refusals = 0;
  std::size_t pairs = 0;  // of node, destination and group that have a way
  // The time after the last fault until a pair has a way again, and stays so: half of them, and 99
  // of a hundred. Those that never lost theirs count as 0.
  Duration half{0};
  Duration most{0};
  Duration longest{0};
  std::size_t leaf_destinations = 0;  // the most that a leaf ever knew
  std::size_t leaf_memory = 0;  // in bytes, the most
  std::size_t leaf_traffic = 0;  // in bytes a minute to one leaf while all is quiet, the most
  std::size_t relay_memory = 0;
};

// After the last fault all ways are there within this: what an end takes to give up a session, to
// dial another one, and to hear of all.
inline constexpr Duration kReachedBound = 15s;

class LocalPolicy;

class RouteWorld {
 public:
  explicit RouteWorld(const RoutePlan& plan);
  ~RouteWorld();

  RouteResult run();

 private:
  struct Held {
    std::uint64_t session = 0;
    Bytes payload;
  };
  struct Direction {  // by its sending end
    bool blocked = false;
    std::uint64_t blocks = 0;  // how often it was
    Duration clog{0};
    Duration free_at{0};  // what is sent later does not arrive earlier
    std::deque<Held> held;
    std::uint64_t session = 0;  // that the end has; 0: none
  };
  struct Wire {
    std::array<Direction, 2> from;
    bool dialling = false;
  };
  enum class Lie : std::uint8_t { none, metrics, origins };
  struct Host {
    std::unique_ptr<LocalPolicy> policy;
    std::unique_ptr<PretendedKeys> keys;
    std::unique_ptr<SeededRandom> rng;
    std::unique_ptr<routes::DistanceVector> core;  // none: it is down
    std::uint64_t life = 0;
    std::uint64_t starts_at = 1;  // the epoch of its next life, by its clock
    Lie lie = Lie::none;
    bool lied = false;  // in this life or an earlier one
    Duration timer_at{0};
    std::size_t received = 0;  // bytes
  };

  // route_world.cpp: hosts and sessions
  MonoTime time() const { return MonoTime{schedule_.now()}; }
  void start(std::size_t n);
  void stop(std::size_t n);
  void drive(std::size_t n, const routes::Event& event);
  void arm(std::size_t n);
  void dial(std::size_t l, Duration after);
  void accept(std::size_t l, std::uint64_t session);
  void end_session(std::size_t l, std::size_t end);
  void watch(std::size_t l, std::size_t end);
  void send(std::size_t n, NodeId to, Bytes payload);
  void transmit(std::size_t l, std::size_t end, Held message);
  void arrive(std::size_t l, std::size_t end, const Held& message);
  std::optional<std::size_t> link_between(std::size_t n, std::size_t other) const;
  Bytes planted(Bytes payload) const;

  // storm.cpp: what goes wrong
  void something_happens();
  void break_something();
  void block(std::size_t l, std::size_t end, bool blocked);
  void part(bool parted);
  void change_policy();
  void remeasure(std::size_t l, std::uint32_t factor_permille);
  Bytes lied(std::size_t n, Bytes payload);
  void heal();

  // checks.cpp: what must hold
  void violate(const std::string& what);
  void mix(std::uint64_t value);
  void note(std::size_t n, const routes::action::RouteChanged& change);
  bool leads(std::size_t n, NodeId to) const;
  void check_no_loop(std::size_t n, NodeId destination, ClassGroup group);
  void check_all_ways();
  void watch_all_ways();
  void check_origin(std::size_t n, NodeId destination, const routes::SelectedRoute& route);
  void check_leaves();
  enum class Way : std::uint8_t { unknown, missing, there };
  bool has_way(std::size_t n, NodeId destination, ClassGroup group, std::vector<Way>& found) const;
  void find_pairs();
  void look_for_ways();
  void check_nearest();
  void sum_up();

  std::uint64_t below(std::uint64_t n) { return rng_.below(n); }
  Duration within(Duration longest) {
    return Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>(longest.count()))));
  }
  void run_for(Duration time);

  struct Pair {
    std::size_t node = 0;
    std::size_t destination = 0;
    ClassGroup group = ClassGroup::interactive;
    Duration missing_until{0};  // after the last fault
  };

  RoutePlan plan_;
  SeededRandom rng_;
  Schedule schedule_;
  MeshTruth truth_;
  ClusterId cluster_;
  std::vector<Host> hosts_;
  std::vector<Wire> wires_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> between_;
  std::uint64_t next_session_ = 1;
  std::uint64_t policy_ = 1;  // the newest version
  bool storm_ = true;
  Duration healed_at_{0};
  std::map<NodeId, routes::OriginNumber> signed_;  // the newest number of each destination
  std::map<NodeId, wire::RouteOrigin> overheard_;  // what a liar may replay
  std::vector<Pair> pairs_;
  RouteResult result_;
};

}  // namespace rap::sim
