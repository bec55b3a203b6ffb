// Connections between simulated nodes: ordered and reliable like TCP, with everything that TCP can
// do to those who trust it: latency, connections that overtake each other, stalls, partitions in
// one direction, resets, and silence.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/bytes.hpp"
#include "base/seeded_random.hpp"
#include "sim/schedule.hpp"
#include "sim/truth.hpp"
#include "wire/frames/frame.hpp"

namespace rap::sim {

using ConnectionId = std::uint64_t;

struct Message {
  enum class Kind : std::uint8_t { frame, payload, reauthentication };
  Kind kind = Kind::frame;
  wire::FrameType type = wire::FrameType::hello;  // kind frame
  Bytes bytes;
  wire::TrafficClass traffic_class = wire::TrafficClass::input;  // kind payload
  bool opens_flow = false;
  Certificate certificate;  // kind reauthentication: the sender has been given another one
};

// One of the two ends of a connection.
class Endpoint {
 public:
  virtual ~Endpoint() = default;
  virtual void on_connected(ConnectionId id) = 0;  // TLS begins
  virtual void on_proven(ConnectionId id, const Certificate& peer) = 0;
  virtual void on_message(ConnectionId id, const Message& message) = 0;
  virtual void on_closed(ConnectionId id) = 0;
};

class Network {
 public:
  struct Faults {
    Duration latency_min{1ms};
    Duration latency_max{80ms};
    unsigned stall_permille = 0;  // so many messages wait for seconds, and all behind them
  };

  Network(Schedule& schedule, SeededRandom& rng) : schedule_(schedule), rng_(rng) {}

  Faults faults;
  // Nothing from `from` arrives at `to`, and nobody is told.
  void cut(NodeId from, NodeId to) { cuts_.insert({from, to}); }
  void heal() { cuts_.clear(); }

  // Takes a peer's connection; no endpoint: nobody listens (the node is down).
  struct Listener {
    Endpoint* endpoint = nullptr;
    Certificate certificate;
  };
  using Listen = std::function<Listener(NodeId at, ConnectionId id)>;
  void set_listener(Listen listen) { listen_ = std::move(listen); }

  ConnectionId dial(NodeId from, NodeId to, Endpoint& endpoint, Certificate certificate);
  void send(ConnectionId id, const Endpoint& from, Message message);
  // What was sent before still arrives when `linger`.
  void close(ConnectionId id, const Endpoint& from, bool linger);
  // The number of messages of flows that `from` sent and that have not arrived.
  std::size_t payloads_under_way(ConnectionId id, const Endpoint& from) const;
  // The node died: its peers hear of it at once, or never.
  void drop_all(NodeId node, bool silently);
  // A connection picked at random breaks for both.
  void reset_one();

 private:
  struct Side {
    NodeId node;
    Endpoint* endpoint = nullptr;
    Certificate certificate;
    std::size_t payloads_under_way = 0;  // that it sent
    Duration last_arrival{0};  // what is sent to this side later does not arrive earlier
  };
  struct Connection {
    std::array<Side, 2> sides;  // the dialler's first
  };

  std::size_t side_of(const Connection& c, const Endpoint& endpoint) const;
  bool is_cut(NodeId from, NodeId to) const { return cuts_.contains({from, to}); }
  Duration latency();
  // Runs `task` on the connection when something sent now by `from_side` arrives, in order.
  void deliver(ConnectionId id, std::size_t from_side, std::function<void(Connection&)> task);
  void arrive(ConnectionId id, std::size_t from_side, std::function<void(Connection&)> task);
  void gone(ConnectionId id, std::size_t told);
  void tell_gone(ConnectionId id, NodeId from, NodeId to, Endpoint* other);

  Schedule& schedule_;
  SeededRandom& rng_;
  Listen listen_;
  std::set<std::pair<NodeId, NodeId>> cuts_;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId next_ = 1;
};

}  // namespace rap::sim
