// A neighbour of the router: a node behind an established channel, or a client at an entry.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "base/ids.hpp"
#include "node/flow/label_table.hpp"
#include "node/flow/send_queue.hpp"
#include "node/flow/window.hpp"
#include "node/router/idle_frames.hpp"
#include "node/router/ports.hpp"
#include "node/router/user_budget.hpp"
#include "policy/addresses/ip_address.hpp"
#include "wire/frames/channel_frames.hpp"
#include "wire/frames/frame.hpp"
#include "wire/traffic_class.hpp"

namespace rap::router {

// The byte budgets of a link, whatever the flows (docs/decisions/byte-budgets.md). A client is read
// no further while more than kMaxAnswers of what no window holds back wait for it, or more than
// kMaxBacklog of what it sent wait for others. While more than kClientPause waits for a client, the
// egresses of its flows pause. A path ends whose data would have more than kMaxClientQueue or
// kMaxNodeQueue wait for one neighbour. No flow is asked for over a link while more than kMaxAsking
// of first messages and answers wait there. All clients of a person have the bounds of
// user_budget.hpp together.
inline constexpr std::size_t kMaxAnswers = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxBacklog = std::size_t{8} * 1024 * 1024;
inline constexpr std::size_t kClientPause = std::size_t{32} * 1024 * 1024;
inline constexpr std::size_t kMaxClientQueue = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t kMaxNodeQueue = std::size_t{512} * 1024 * 1024;
inline constexpr std::size_t kMaxAsking = std::size_t{4} * 1024 * 1024;

// What one client sent and other links have still to send on. It is counted as it lies there, in
// whole frames: a byte in a frame of its own takes 25.
struct Backlog {
  std::optional<LinkId> client;  // nullopt: it is gone
  std::size_t bytes = 0;
  std::shared_ptr<UserBudget> user = nullptr;  // it counts there too
};

// One end of a flow on one link.
struct FlowEnd {
  enum class Kind : std::uint8_t {
    none,
    relay,  // goes on under other_label on other_link
    entry_path,  // goes on like a relay's, both ways; `ref` is a EntryRole path
    egress_path,  // `ref` is a EgressRole path
  };
  Kind kind = Kind::none;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;
  // kinds relay and entry_path, but towards a client only once its egress has accepted; label 0:
  // none.
  LinkId other_link = 0;
  std::uint32_t other_label = 0;
  std::uint32_t ref = 0;
  flow::SendWindow window;  // what the neighbour may still send us on this flow
  flow::CreditCheck sent;  // what it may credit
  std::shared_ptr<Backlog> backlog;  // of an entry, towards the egress: whose records wait here
  std::size_t waiting = 0;  // so many bytes of them
  bool paused = false;  // of an entry, towards the client: the egress was asked to
  bool awaits_answer = false;  // kind relay: the neighbour was asked, and may accept once
};

class Switchboard;

struct Link final : flow::Departures {
  enum class Kind : std::uint8_t { node, client };

  Link(Switchboard& b, Kind k, flow::LabelSide side)
      : board(b),
        kind(k),
        queue(k == Kind::client ? flow::Framing::websocket : flow::Framing::bare),
        flows(side) {
    queue.set_departures(*this);
  }

  void data_departed(std::uint32_t label, std::size_t payload) override;
  void record_departed(std::uint32_t label, std::size_t payload) override;
  void others_departed() override;

  std::size_t max_queue() const { return kind == Kind::node ? kMaxNodeQueue : kMaxClientQueue; }
  // No window holds first messages back, and they wait behind data.
  bool takes_no_requests() const { return is_full() || queue.windowless_bytes() > kMaxAsking; }
  bool is_full() const {
    return queue.queued_bytes() > max_queue() || (budget && budget->queued.bytes > kMaxUserQueue);
  }

  Switchboard& board;

  LinkId id = 0;
  Kind kind;
  NodeId node;  // kind node
  std::optional<policy::IpAddress> address;  // kind client: where they come from
  Bytes exporter;  // kind client: what TLS exports of its connection (resume_grant.hpp)
  std::optional<UserId> user;  // kind client: of a token of theirs that was admitted
  wire::LaneKind lane =
      wire::LaneKind::interactive;  // kind node: which of the channel's connections
  wire::TrafficClassSet classes;  // what may be carried here now
  bool takes_new_flows = true;  // false while the channel is suspect or draining
  flow::SendQueue queue;
  flow::LabelTable<FlowEnd> flows;
  bool wants_room = false;  // a flow that ends here waits for room in the queue
  // Records of flows that ended before they went out, by their labels here.
  struct Orphan {
    std::shared_ptr<Backlog> backlog;
    std::size_t waiting = 0;
  };
  std::map<std::uint32_t, Orphan> orphans;
  std::shared_ptr<Backlog> backlog;  // kind client
  std::shared_ptr<UserBudget> budget;  // kind client: of `user`
  bool pauses = false;  // kind client: the egresses of its flows were asked to
  policy::TokenBucket idle_frames;
  policy::TokenBucket requests;  // kind node: for flows
  bool floods = false;  // it has sent more of them than it may
  bool paused = false;  // kind client: it is read no further
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

}  // namespace rap::router
