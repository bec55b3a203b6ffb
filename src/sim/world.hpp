// A cluster in which everything goes wrong, and then right again. From one seed: who there is, when
// messages arrive, what breaks, what the platform owner does meanwhile. First comes a phase in
// which only safety can be asked for; then everything heals, and within a bound every channel that
// should be there must be there, and no other.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "sim/invariants.hpp"
#include "sim/network.hpp"
#include "sim/node.hpp"
#include "sim/schedule.hpp"
#include "sim/truth.hpp"

namespace rap::sim {

struct Plan {
  std::uint64_t seed = 1;
  std::size_t relays = 3;
  std::size_t others = 7;  // they dial every relay
  Duration storm{5min};  // faults and changes
  Planted planted = Planted::none;
  bool faults = true;
  bool changes = true;  // drains, revocations, rotations, roles
  bool hostility = true;  // among the faults: nodes that speak out of turn
};

// Once all is well, every channel that should be is established within this time: the longest wait
// before a bootstrap peer is tried again, and what an attempt may take.
inline constexpr Duration kHealingBound =
    channel::kBootstrapRetryCap + channel::kEstablishTimeout * 3;

struct Result {
  std::optional<std::string> violation;
  std::uint64_t digest = 0;
  std::uint64_t payloads = 0;
  std::uint64_t transitions = 0;
  std::uint64_t dials = 0;
};

class World {
 public:
  explicit World(Plan plan);
  ~World();

  Result run();

  // Tests that direct the play themselves call these.
  void run_for(Duration time);
  void converge();  // everybody is told everything, and given time to act on it
  Truth& truth() { return truth_; }
  Network& network() { return network_; }
  Schedule& schedule() { return schedule_; }
  Invariants& invariants() { return invariants_; }
  Node& node(std::size_t i) { return *nodes_[i]; }
  std::size_t size() const { return nodes_.size(); }
  // Is there an established channel between the two, seen from both?
  bool connected(std::size_t a, std::size_t b) const;
  void tell(Node& node);  // its agent fetches the newest configuration
  void isolate(std::size_t i, bool isolated);  // it hears no control plane

 private:
  void keep_up();  // agents poll, certificates are renewed, rotations go on
  void chat(Node& node, Duration rhythm);
  void something_happens();
  void break_something();
  void change_something();
  void heal();
  void check_alive();
  static std::string described(const Node& self, const Node& other);
  std::uint64_t below(std::uint64_t n) { return rng_.below(n); }
  Node& any() { return *nodes_[below(nodes_.size())]; }
  Duration within(Duration longest) {
    return Duration(static_cast<Duration::rep>(below(static_cast<std::uint64_t>(longest.count()))));
  }
  Duration storm_left() const { return std::max(Duration{1ms}, plan_.storm - schedule_.now()); }
  void later(Duration when, Schedule::Task task);  // it happens in the storm only

  Plan plan_;
  SeededRandom rng_;
  Schedule schedule_;
  ClusterId cluster_;
  Truth truth_;
  Network network_;
  Invariants invariants_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<bool> cut_off_;  // these nodes hear nothing of the control plane
  bool storm_ = true;
};

}  // namespace rap::sim
