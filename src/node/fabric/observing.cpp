#include "node/fabric/observing.hpp"

#include <unistd.h>

#include <map>

namespace rap::fabric {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

wire::ObservedChannel channel_of(router::Router& router, const Channels& channels,
                                 const channel::Table::Channel& channel, MonoTime now) {
  const channel::Lifecycle& l = channel.lifecycle;
  const auto& beats = l.heartbeats(wire::LaneKind::interactive);
  const auto since = [&](const std::optional<MonoTime>& t) {
    return t ? duration_cast<seconds>(now - *t).count() : 0;
  };
  wire::ObservedChannel out;
  out.id = l.id();
  out.peer = l.peer() ? l.peer() : l.expected();
  out.direction = l.dialled() ? "dial" : "accept";
  out.state = channel::to_string(l.state());
  out.classes = l.classes();
  out.age_s = since(l.established_at());
  out.rtt_us = duration_cast<microseconds>(beats.rtt()).count();
  out.jitter_us = duration_cast<microseconds>(beats.jitter()).count();
  out.loss_permille = beats.loss_permille();
  out.config_version = l.peer_hello().config_version;
  out.route_epoch = l.peer_hello().route_epoch;
  out.revalidate_in_s = -since(l.revalidates_at());
  out.last_reason = channel::to_string(l.reason());
  for (const auto lane : {wire::LaneKind::interactive, wire::LaneKind::bulk}) {
    const auto id =
        lane == wire::LaneKind::interactive ? std::optional(channel.interactive) : channel.bulk;
    if (!id) continue;
    out.lanes.push_back(lane);
    const Lane* connection = channels.lane(*id);
    if (connection == nullptr || !connection->link()) continue;
    const router::Link* link = router.board().find(*connection->link());
    if (link == nullptr) continue;
    out.flows += link->flows.size();
    out.bytes_in += link->bytes_in;
    out.bytes_out += link->bytes_out;
  }
  return out;
}

std::vector<wire::ObservedReconnect> reconnects_of(const channel::Table& table, MonoTime now) {
  std::vector<wire::ObservedReconnect> list;
  for (const auto& [node, peer] : table.reconnector().peers()) {
    if (peer.engaged || peer.failures == 0) continue;
    const auto wait = std::max(Duration::zero(), peer.next_at - now);
    list.push_back({node, static_cast<std::uint64_t>(peer.failures),
                    duration_cast<milliseconds>(wait).count(),
                    std::string(channel::to_string(peer.last_reason)), peer.stopped});
  }
  return list;
}

wire::ObservedCounters counters_of(const channel::Counters& c) {
  wire::ObservedCounters out{.established = c.established,
                             .attempts = c.attempts,
                             .reconnects = c.reconnects,
                             .handshake_failures = c.handshake_failures,
                             .authorization_failures = c.authorization_failures,
                             .revalidations = c.revalidations,
                             .revalidation_failures = c.revalidation_failures,
                             .revocations = c.revocations,
                             .drains = c.drains,
                             .drains_forced = c.drains_forced,
                             .replaced = c.replaced,
                             .bulk_lanes_lost = c.bulk_lanes_lost,
                             .failover_hints = c.failover_hints,
                             .ended = {}};
  for (std::uint8_t i = 0; i < channel::kFailureReasonCount; ++i) {
    if (c.ended_by_reason[i] == 0) continue;
    const auto reason = *channel::failure_reason_from(i);
    out.ended[i == 0 ? "orderly" : std::string(channel::to_string(reason))] = c.ended_by_reason[i];
  }
  return out;
}

// Those that are carried, and without flows those that were used of late: a flow that lives less
// long than the time between two observations is in none.
std::vector<wire::ObservedSession> sessions_of(router::Router& router, MonoTime now) {
  std::map<SessionId, wire::ObservedSession> sessions;
  const auto add = [&](std::uint32_t, const auto& flow) {
    wire::ObservedSession& session = sessions[flow.session];
    session.session_id = flow.session;
    ++session.flows;
    session.bytes_up += flow.bytes_up;
    session.bytes_down += flow.bytes_down;
  };
  router.entry().flows().for_each(add);
  router.egress().flows().for_each(add);
  for (const SessionId id : router.recent().list(now)) sessions[id].session_id = id;
  std::vector<wire::ObservedSession> list;
  list.reserve(sessions.size());
  for (auto& [id, session] : sessions) list.push_back(session);
  return list;
}

std::map<std::string, std::uint64_t> refusals_of(const router::Switchboard& board) {
  std::map<std::string, std::uint64_t> refusals;
  const auto& counts = board.refusals();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) refusals[std::string(wire::kFlowReasonNames[i])] = counts[i];
  }
  return refusals;
}

std::map<std::string, std::uint64_t> opened_of(const router::Switchboard& board) {
  std::map<std::string, std::uint64_t> opened;
  const auto& counts = board.opened();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) opened[std::string(policy::kNodeRoleNames[i])] = counts[i];
  }
  return opened;
}

// Links to clients count too, and those from the node to itself: they have no channel.
bool carries_nothing(router::Router& router) {
  bool nothing = true;
  router.board().for_each([&](router::LinkId, const router::Link& link) {
    nothing = nothing && link.flows.size() == 0 && link.queue.empty();
  });
  return nothing;
}

}  // namespace

wire::Observations observe(router::Router& router, const Channels& channels,
                           std::uint64_t config_version, std::string_view entry,
                           const FailedListeners& failed, MonoTime now) {
  const channel::Table& table = channels.table();
  wire::Observations out;
  out.config_version = config_version;
  out.pid = ::getpid();
  out.entry = entry;
  for (const auto& channel : table.channels()) {
    out.channels.push_back(channel_of(router, channels, *channel, now));
  }
  out.reconnects = reconnects_of(table, now);
  out.counters = counters_of(table.counters());
  out.draining = table.context().draining;
  out.drained = table.context().draining && table.empty() && carries_nothing(router);
  out.sessions = sessions_of(router, now);
  out.clients = router.board().clients();
  out.refusals = refusals_of(router.board());
  out.opened_flows = opened_of(router.board());
  for (const auto& [name, listener] : failed) out.failed_listeners.push_back(listener);
  return out;
}

}  // namespace rap::fabric
