// One simulated node: the shipped channel::Table, with the smallest possible shell around it in
// place of sockets, router and agent. It judges payload as the router does, by what the table said
// of each lane, and reports to a Witness everything that the invariants are about.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "base/seeded_random.hpp"
#include "node/channel/table.hpp"
#include "sim/network.hpp"
#include "sim/schedule.hpp"
#include "sim/truth.hpp"

namespace rap::sim {

class Node;

// Faults planted in the shell, each of which the invariants must find.
enum class Planted : std::uint8_t {
  none,
  passes_payload_before_established,
  keeps_the_first_policy,      // a narrowed channel goes on carrying what it carried
  believes_every_certificate,  // again, at revalidation
  never_closes,                // connections the table has given up go on carrying payload
  dials_whenever_it_likes,     // even while draining
  loses_its_timer,
  forgets_to_tell_the_table,   // what has changed, most of the time
  needs_no_control_plane,      // and goes on as if it were there
  sends_flows_last,  // frames of the channel overtake what flows sent before them
};

// Hears of everything that matters.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void payload_accepted(const Node& node, channel::LaneId lane, NodeId from,
                                wire::TrafficClass c) = 0;
  virtual void dialled(const Node& node, NodeId peer) = 0;
  virtual void state_changed(const Node& node, const channel::table_action::StateChanged& t) = 0;
  virtual void link_up(const Node& node, channel::LaneId lane) = 0;
  // A drain ended in order; so many messages of its flows are under way.
  virtual void drained(const Node& node, std::size_t payloads) = 0;
  virtual void stepped(const Node& node) = 0;
};

struct Clock {
  Duration offset{0};   // the wall clock is ahead by this
  double rate = 1;      // the pace of the monotonic clock
};

class Node final : public Endpoint {
 public:
  struct Link {
    NodeId peer;
    wire::TrafficClassSet classes;
    bool takes_new_flows = false;
    unsigned flows = 0;
    std::uint64_t received = 0;
    bool closed = false;  // Planted::never_closes keeps it
  };

  Node(NodeId id, ClusterId cluster, Schedule& schedule, Network& network, SeededRandom& rng,
       Witness& witness, Planted planted = Planted::none);

  // The agent brought a configuration; `control` says whether the control plane is in reach.
  void apply(const View& view);
  void set_control(bool reachable);
  // It has been given another certificate, and shows it on every connection that stands.
  void renew(const Certificate& certificate);
  // The wall clock jumps, the monotonic one changes its pace.
  void set_clock(Clock clock);
  void crash();
  void restart();
  void shut_down();
  // Some traffic: begins, continues and ends flows on random links.
  void talk();
  // A hostile node says things that nobody may say, from the first moment on.
  void set_hostile(bool hostile) { hostile_ = hostile; }
  bool hostile() const { return hostile_; }

  NodeId id() const { return id_; }
  bool up() const { return table_ != nullptr; }
  const channel::Table& table() const { return *table_; }
  const View& view() const { return view_; }
  const Certificate& certificate() const { return certificate_; }
  const std::map<channel::LaneId, Link>& links() const { return links_; }
  // What the peer of each lane proved itself with.
  const std::map<channel::LaneId, Certificate>& proofs() const { return proofs_; }
  MonoTime now() const;
  Duration wall() const { return schedule_.now() + clock_.offset; }

  // --- Endpoint
  void on_connected(ConnectionId id) override;
  void on_proven(ConnectionId id, const Certificate& peer) override;
  void on_message(ConnectionId id, const Message& message) override;
  void on_closed(ConnectionId id) override;
  bool accept(ConnectionId id);

 private:
  void step(const channel::TableEvent& event);
  void perform(const channel::TableAction& action);
  void report_idle();
  void misbehave(ConnectionId id);
  void send_payload(channel::LaneId lane, Message message);
  void schedule_timeout();
  void check_authority();
  channel::Verdict judge(const Certificate& peer) const;
  std::optional<channel::LaneId> lane_of(ConnectionId id) const;

  NodeId id_;
  ClusterId cluster_;
  Schedule& schedule_;
  Network& network_;
  SeededRandom& rng_;
  Witness& witness_;
  Planted planted_;
  Clock clock_;
  Duration paced_since_{0};  // the world's time, and this node's, when clock_.rate was set
  MonoTime paced_from_{1h};
  Certificate certificate_;
  View view_;
  bool control_reachable_ = true;
  bool hostile_ = false;

  std::unique_ptr<channel::Table> table_;
  std::map<channel::LaneId, ConnectionId> connections_;
  std::map<ConnectionId, channel::LaneId> lanes_;
  std::map<channel::LaneId, Certificate> proofs_;
  std::map<channel::LaneId, Link> links_;
  std::map<channel::LaneId, std::size_t> held_;  // messages of flows, by Planted::sends_flows_last
  std::vector<channel::TableEvent> pending_;
  bool stepping_ = false;
  std::uint64_t timer_ = 0;  // the newest one counts
};

}  // namespace rap::sim
