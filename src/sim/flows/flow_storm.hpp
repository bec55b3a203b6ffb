// A deterministic world of flows (RO-4, DP-6): people behind entries, an egress, and the
// ends that ship at both (node/flow/sealed). The nodes between are played: they carry frames and
// count windows as a relay does, and are killed, fall silent, or alter, drop, repeat and reorder
// what they carry. People sleep and change their networks; first messages are recorded and
// replayed.
//
// After every event, what arrived at either end is what the other end said, byte for byte, and what
// is held keeps its bounds. When the storm is over every flow must be carried to its end, with
// nothing missing, within a bound.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "node/flow/sealed/resumable_flows.hpp"
#include "sim/schedule.hpp"

namespace rap::sim {

using namespace std::chrono_literals;

enum class PlantedFlow : std::uint8_t {
  nothing,
  loses_a_delivery,  // an owner drops what it was handed, after another path was taken
  hears_twice,  // an owner takes a delivery again after another path was taken
};

struct FlowStormPlan {
  std::uint64_t seed = 1;
  int people = 6;
  int flows_of_one = 3;
  int entries = 3;
  Duration storm = 120s;
  Duration calm = 180s;  // all flows end within this time after it
  std::uint64_t most_bytes = 600'000;  // that one end of a flow says
  std::uint64_t most_at_once = 6'000;
  Duration untaken{0};  // for so long neither end's local stream takes anything
  bool hostile = true;
  PlantedFlow planted = PlantedFlow::nothing;
};

struct FlowStormResult {
  std::optional<std::string> violation;
  std::uint64_t resumed = 0;
  std::uint64_t bytes = 0;
  std::uint64_t frames_tampered = 0;
  std::uint64_t digest = 0;
  bool tail_was_full = false;  // of some end
  bool limit_was_reached = false;
  Duration longest_gap{0};  // from the death of a path until the next, of people who were awake
};

class FlowStorm {
 public:
  explicit FlowStorm(FlowStormPlan plan);
  ~FlowStorm();
  FlowStormResult run();

 private:
  struct Route;
  struct Talk;
  struct Person;

  void start(Talk& talk);
  void ask(Talk& talk);
  void answer(Talk& talk, Route& route, const Bytes& first_message,
              crypto::SealInitiator handshake);
  void path_gone(Talk& talk);
  void pump(Route& route);
  void arrive(Route& route, bool up, Bytes frame);
  bool passes_hop(Route& route, bool up, Bytes& frame);
  void tamper(std::vector<Bytes>& frames);
  void kill(Route& route, bool noticed);
  void tick();
  void speak(Talk& talk);
  void trouble();
  void note_bounds(const flow::SealedEnd& end);
  void check();
  void fail(std::string what);
  Route& new_route(Talk& talk, int entry);
  MonoTime now() const { return MonoTime{schedule_.now()}; }
  bool stormy() const { return schedule_.now() < plan_.storm; }

  FlowStormPlan plan_;
  SeededRandom rng_;
  Schedule schedule_;
  crypto::X25519KeyPair egress_key_;
  flow::ResumableFlows egress_;
  flow::TailMemory memory_;
  std::vector<std::unique_ptr<Person>> people_;
  std::vector<std::unique_ptr<Talk>> talks_;
  std::map<std::uint64_t, std::unique_ptr<Route>> routes_;
  std::uint64_t next_route_ = 1;
  FlowStormResult result_;
};

}  // namespace rap::sim
