// A deterministic world of control links: the shipped core of the node-agent many times over, one
// model of the control plane, and between them a network that loses, repeats and reorders, hints
// that may all be dropped, nodes that crash in the middle of storing, and a control plane that goes
// away. One seed, one history.
#pragma once

#include <memory>
#include <vector>

#include "node/agent/link/control_link.hpp"
#include "node/agent/link/test_security_store.hpp"
#include "node/agent/test_node_files.hpp"
#include "sim/link_control.hpp"
#include "sim/schedule.hpp"

namespace rap::sim {

enum class LinkFault : std::uint8_t {
  none,
  cursor_before_rows,  // a crash between the two loses rows
  numbers_out_of_order,  // a sequence instead of a counter under a lock
};

struct LinkWorldOptions {
  std::uint64_t seed = 1;
  std::size_t nodes = 4;
  bool hints = true;
  unsigned lost_permille = 0;  // so many calls, and as many again of their answers
  unsigned repeated_permille = 0;  // so many answers
  unsigned crash_permille = 0;  // so many steps of storing the security data
  std::size_t capacity = SIZE_MAX;  // calls a second that the control plane serves; 503 beyond
  LinkFault planted = LinkFault::none;
};

class LinkWorld {
 public:
  explicit LinkWorld(LinkWorldOptions options);
  ~LinkWorld();

  void run(Duration time);  // goes on from now
  // Changes of the truth, faults of nodes and of the control plane, at random moments.
  void storm(Duration time);
  void control_up(bool up);
  void reachable(std::size_t node, bool reachable);
  void restart(std::size_t node);
  void change_truth();
  // Announces everything that may have changed to who has a stream.
  void hint();

  // What is not as the control plane has it; empty when all is well.
  std::string difference(std::size_t node) const;
  std::string first_difference() const;
  bool all_streams_up() const;

  LinkControl& control() { return control_; }
  std::uint64_t digest() const { return digest_; }
  Duration now() const { return schedule_.now(); }
  // Arrivals at the control plane in the second that began then: of calls, and of streams.
  struct Arrivals {
    std::size_t calls = 0;
    std::size_t streams = 0;
  };
  const std::vector<Arrivals>& arrivals() const { return arrivals_; }
  // The most of any second from then on.
  Arrivals peak(Duration from) const;

 private:
  class Store;
  struct Member;

  MonoTime mono() const { return MonoTime(std::chrono::hours{1}) + schedule_.now(); }
  agent::Now clocks() const;
  void start(std::size_t i);
  void step(std::size_t i, const agent::LinkEvent& event);
  void take(std::size_t i, const agent::LinkActions& actions);
  void send(std::size_t i, const agent::SendToControl& call);
  void deliver(std::size_t i, std::uint64_t life, const agent::SendToControl& call);
  void open_stream(std::size_t i);
  void end_stream(std::size_t i);
  void tell_fabric(std::size_t i, const std::string& message);
  void set_timer(std::size_t i);
  bool connected(std::size_t i) const;
  bool chance(unsigned permille) { return rng_.below(1000) < permille; }
  Duration latency();
  Arrivals& this_second();
  void note(std::uint64_t what);

  LinkWorldOptions options_;
  SeededRandom rng_;
  Schedule schedule_;
  LinkControl control_;
  bool control_up_ = true;
  std::vector<UserId> users_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Arrivals> arrivals_;
  std::uint64_t digest_ = 14695981039346656037ULL;
};

}  // namespace rap::sim
