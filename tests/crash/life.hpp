// One life of a node-agent on a real state directory: the shipped link, files and store, against a
// model of the control plane that answers at once. What it tells the control plane of itself is
// noted where it outlives the process.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>

#include "node/agent/link/control_link.hpp"
#include "node/host/host.hpp"
#include "node/store/security_db.hpp"
#include "sim/link_control.hpp"

namespace rap::crash {

// How far a node is, by its own word.
struct Progress {
  std::atomic<std::uint64_t> config = 0;  // acknowledged, or found on disk as the floor
  std::atomic<std::uint64_t> commands = 0;
  std::atomic<std::uint64_t> bundle = 0;
  std::atomic<std::uint64_t> epochs = 0;
  std::atomic<std::uint64_t> blocklist = 0;
};

class Life {
 public:
  Life(const std::filesystem::path& directory, sim::LinkControl& control, NodeId node);

  // False: what is on disk cannot be started with.
  bool begin(Progress& found);
  // Runs until it has everything the control plane has; false when that does not come about.
  bool run(Progress& said);

 private:
  void take(const agent::LinkActions& actions, Progress& said);
  void send(const agent::SendToControl& call, Progress& said);
  void tell_fabric(const std::string& message);
  bool is_caught_up();
  agent::Now clocks() const;

  std::filesystem::path directory_;
  host::StateFiles files_;
  node_store::SecurityDb store_;
  sim::LinkControl& control_;
  NodeId node_;
  SeededRandom rng_{4};
  MonoTime now_{std::chrono::hours{1}};
  std::unique_ptr<agent::ControlLink> link_;
  std::deque<agent::LinkEvent> events_;
  std::uint64_t runs_config_ = 0;
};

}  // namespace rap::crash
