#include "node/fabric/observations.hpp"

#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

namespace rap::fabric {

using nlohmann::json;

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

json names_of(wire::TrafficClassSet classes) {
  json names = json::array();
  for (std::size_t i = 0; i < wire::kTrafficClassCount; ++i) {
    const auto c = static_cast<wire::TrafficClass>(i);
    if (classes.contains(c)) names.push_back(wire::to_string(c));
  }
  return names;
}

json channel_of(router::Router& router, const Channels& channels,
                const channel::Table::Channel& channel, MonoTime now) {
  const channel::Lifecycle& l = channel.lifecycle;
  const auto& beats = l.heartbeats(wire::Lane::interactive);
  json lanes = json::array();
  std::size_t flows = 0;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (const auto lane : {wire::Lane::interactive, wire::Lane::bulk}) {
    const auto id =
        lane == wire::Lane::interactive ? std::optional(channel.interactive) : channel.bulk;
    if (!id) continue;
    lanes.push_back(wire::to_string(lane));
    const Lane* connection = channels.lane(*id);
    if (connection == nullptr || !connection->link()) continue;
    const router::Link* link = router.board().find(*connection->link());
    if (link == nullptr) continue;
    flows += link->flows.size();
    in += link->bytes_in;
    out += link->bytes_out;
  }
  const auto since = [&](const std::optional<MonoTime>& t) {
    return t ? duration_cast<seconds>(now - *t).count() : 0;
  };
  const auto& shown = l.peer() ? l.peer() : l.expected();
  return {{"id", l.id().str()},
          {"peer", shown ? shown->str() : ""},
          {"direction", l.dialled() ? "dial" : "accept"},
          {"state", channel::to_string(l.state())},
          {"classes", names_of(l.classes())},
          {"lanes", std::move(lanes)},
          {"age_s", since(l.established_at())},
          {"rtt_us", duration_cast<microseconds>(beats.rtt()).count()},
          {"jitter_us", duration_cast<microseconds>(beats.jitter()).count()},
          {"loss_permille", beats.loss_permille()},
          {"flows", flows},
          {"bytes_in", in},
          {"bytes_out", out},
          {"config_version", l.peer_hello().config_version},
          {"route_epoch", l.peer_hello().route_epoch},
          {"revalidate_in_s", -since(l.revalidates_at())},
          {"last_reason", channel::to_string(l.reason())}};
}

json reconnects_of(const channel::Table& table, MonoTime now) {
  json list = json::array();
  for (const auto& [node, peer] : table.reconnector().peers()) {
    if (peer.engaged || peer.failures == 0) continue;
    const auto wait = std::max(Duration::zero(), peer.next_at - now);
    list.push_back({{"peer", node.str()},
                    {"attempts", peer.failures},
                    {"next_in_ms", duration_cast<milliseconds>(wait).count()},
                    {"last_reason", channel::to_string(peer.last_reason)},
                    {"stopped", peer.stopped}});
  }
  return list;
}

json counters_of(const channel::Counters& c) {
  json ended = json::object();
  for (std::uint8_t i = 0; i < channel::kFailureReasonCount; ++i) {
    if (c.ended_by_reason[i] == 0) continue;
    const auto reason = *channel::failure_reason_from(i);
    ended[i == 0 ? "orderly" : std::string(channel::to_string(reason))] = c.ended_by_reason[i];
  }
  return {{"established", c.established},
          {"attempts", c.attempts},
          {"reconnects", c.reconnects},
          {"handshake_failures", c.handshake_failures},
          {"authorization_failures", c.authorization_failures},
          {"revalidations", c.revalidations},
          {"revalidation_failures", c.revalidation_failures},
          {"revocations", c.revocations},
          {"drains", c.drains},
          {"replaced", c.replaced},
          {"bulk_lanes_lost", c.bulk_lanes_lost},
          {"failover_hints", c.failover_hints},
          {"ended", std::move(ended)}};
}

struct Traffic {
  std::uint64_t flows = 0;
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};

}  // namespace

std::string observe(router::Router& router, const Channels& channels, std::uint64_t config_version,
                    std::string_view entry, MonoTime now) {
  const channel::Table& table = channels.table();
  json channel_list = json::array();
  for (const auto& channel : table.channels()) {
    channel_list.push_back(channel_of(router, channels, *channel, now));
  }

  std::map<SessionId, Traffic> sessions;
  const auto add = [&](std::uint32_t, const auto& flow) {
    Traffic& t = sessions[flow.session];
    ++t.flows;
    t.up += flow.bytes_up;
    t.down += flow.bytes_down;
  };
  router.entry().flows().for_each(add);
  router.egress().flows().for_each(add);
  json session_list = json::array();
  for (const auto& [id, t] : sessions) {
    session_list.push_back(
        {{"session_id", id.str()}, {"flows", t.flows}, {"bytes_up", t.up}, {"bytes_down", t.down}});
  }
  json refusals = json::object();
  const auto& counts = router.board().refusals();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) refusals[std::string(wire::kFlowReasonNames[i])] = counts[i];
  }
  return json{{"type", "observations"},
              {"config_version", config_version},
              {"pid", ::getpid()},
              {"entry", entry},
              {"channels", std::move(channel_list)},
              {"reconnects", reconnects_of(table, now)},
              {"counters", counters_of(table.counters())},
              {"draining", table.context().draining},
              {"drained", table.context().draining && table.empty()},
              {"sessions", std::move(session_list)},
              {"refusals", std::move(refusals)}}
      .dump();
}

}  // namespace rap::fabric
