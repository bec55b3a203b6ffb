#include "sim/network.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace rap::sim {

namespace {

constexpr Duration kRetransmit = 300ms;  // how often a cut or a stall is tried again

}  // namespace

Duration Network::latency() {
  const auto span = static_cast<std::uint64_t>((faults.latency_max - faults.latency_min).count());
  Duration d = faults.latency_min + Duration(static_cast<Duration::rep>(rng_.below(span + 1)));
  if (faults.stall_permille > 0 && rng_.below(1000) < faults.stall_permille) {
    d += std::chrono::milliseconds(rng_.below(20'000));
  }
  return d;
}

std::size_t Network::side_of(const Connection& c, const Endpoint& endpoint) const {
  return c.sides[0].endpoint == &endpoint ? 0 : 1;
}

void Network::deliver(ConnectionId id, std::size_t from, std::function<void(Connection&)> task) {
  Connection& c = connections_.at(id);
  Side& to = c.sides[1 - from];
  const Duration when = std::max(schedule_.now() + latency(), to.last_arrival);
  to.last_arrival = when;
  schedule_.at(when, [this, id, from, task = std::move(task)] { arrive(id, from, task); });
}

// Nothing is lost in a cut, because the sender repeats it; it comes when the cut has healed.
void Network::arrive(ConnectionId id, std::size_t from, std::function<void(Connection&)> task) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& c = it->second;
  const bool waits = is_cut(c.sides[from].node, c.sides[1 - from].node) ||
                     // The acknowledgements must come back, too.
                     is_cut(c.sides[1 - from].node, c.sides[from].node);
  if (waits) {
    c.sides[1 - from].last_arrival =
        std::max(c.sides[1 - from].last_arrival, schedule_.now() + kRetransmit);
    schedule_.after(kRetransmit,
                    [this, id, from, task = std::move(task)] { arrive(id, from, task); });
    return;
  }
  task(c);
}

ConnectionId Network::dial(NodeId from, NodeId to, Endpoint& endpoint, Certificate certificate) {
  const ConnectionId id = next_++;
  Connection& c = connections_[id];
  c.sides[0] = {from, &endpoint, std::move(certificate), {}};
  c.sides[1].node = to;
  deliver(id, 0, [this, id](Connection& there) {
    const Listener listener = listen_(there.sides[1].node, id);
    if (listener.endpoint == nullptr) return gone(id, 0);
    there.sides[1].endpoint = listener.endpoint;
    there.sides[1].certificate = listener.certificate;
    deliver(id, 1, [this, id](Connection& back) {
      back.sides[0].endpoint->on_connected(id);
      if (!connections_.contains(id)) return;
      // The dialler is done first (RFC 8446 §2); its certificate is on its way.
      deliver(id, 0, [id](Connection& last) {
        last.sides[1].endpoint->on_proven(id, last.sides[0].certificate);
      });
      back.sides[0].endpoint->on_proven(id, back.sides[1].certificate);
    });
  });
  return id;
}

void Network::send(ConnectionId id, const Endpoint& from, Message message) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  const std::size_t side = side_of(it->second, from);
  const bool payload = message.kind == Message::Kind::payload;
  if (payload) ++it->second.sides[side].payloads_under_way;
  deliver(id, side, [id, side, payload, message = std::move(message)](Connection& c) {
    if (payload) --c.sides[side].payloads_under_way;
    if (c.sides[1 - side].endpoint != nullptr) c.sides[1 - side].endpoint->on_message(id, message);
  });
}

std::size_t Network::payloads_under_way(ConnectionId id, const Endpoint& from) const {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return 0;
  return it->second.sides[side_of(it->second, from)].payloads_under_way;
}

void Network::close(ConnectionId id, const Endpoint& from, bool linger) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& c = it->second;
  const std::size_t side = side_of(c, from);
  if (!linger) return gone(id, 1 - side);
  deliver(id, side, [this, id, side](Connection&) { gone(id, 1 - side); });
}

// Ends it; the side `told` hears of it, the other knows or is dead.
void Network::gone(ConnectionId id, std::size_t told) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  const NodeId ours = it->second.sides[1 - told].node;
  const NodeId theirs = it->second.sides[told].node;
  Endpoint* other = it->second.sides[told].endpoint;
  connections_.erase(it);
  if (other != nullptr) {
    schedule_.after(latency(), [=, this] { tell_gone(id, ours, theirs, other); });
  }
}

// The end of a connection crosses no cut either.
void Network::tell_gone(ConnectionId id, NodeId from, NodeId to, Endpoint* other) {
  if (!is_cut(from, to)) return other->on_closed(id);
  schedule_.after(kRetransmit, [=, this] { tell_gone(id, from, to, other); });
}

void Network::drop_all(NodeId node, bool silently) {
  std::vector<std::pair<ConnectionId, std::size_t>> theirs;
  for (const auto& [id, c] : connections_) {
    for (std::size_t side : {0U, 1U}) {
      if (c.sides[side].node == node) theirs.emplace_back(id, 1 - side);
    }
  }
  for (const auto& [id, told] : theirs) {
    if (silently) {
      connections_.erase(id);
    } else {
      gone(id, told);
    }
  }
}

void Network::reset_one() {
  if (connections_.empty()) return;
  auto it = connections_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(rng_.below(connections_.size())));
  const ConnectionId id = it->first;
  Endpoint* dialler = it->second.sides[0].endpoint;
  gone(id, 1);
  if (dialler != nullptr) {
    schedule_.after(latency(), [dialler, id] { dialler->on_closed(id); });
  }
}

}  // namespace rap::sim
