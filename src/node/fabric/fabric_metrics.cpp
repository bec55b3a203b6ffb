#include "node/fabric/fabric_metrics.hpp"

#include <array>
#include <map>

#include "base/metrics_text.hpp"
#include "io/listeners/handshake_metrics.hpp"

namespace rap::fabric {
namespace {

using channel::Counters;

using Text = MetricsText;

void write_counters(Text& t, const Counters& c) {
  t.one("channel_attempts_total", "counter", "Channels dialled.", c.attempts);
  t.one("channel_reconnects_total", "counter", "Dials of peers that were connected before.",
        c.reconnects);
  t.one("channels_established_total", "counter", "Channels that came to be.", c.established);
  t.one("channel_handshake_failures_total", "counter", "Peers that did not prove who they are.",
        c.handshake_failures);
  t.one("channel_authorization_failures_total", "counter", "Proven peers that were not let in.",
        c.authorization_failures);
  t.one("channel_revalidations_total", "counter", "Live channels judged again.", c.revalidations);
  t.one("channel_revalidation_failures_total", "counter", "Live channels found wanting.",
        c.revalidation_failures);
  t.one("channel_revocations_total", "counter", "Live channels ended for a revocation.",
        c.revocations);
  t.one("channel_drains_total", "counter", "Channels that began to drain.", c.drains);
  t.one("channel_drains_forced_total", "counter",
        "Channels whose drain was cut at its deadline, with something left.", c.drains_forced);
  t.one("channels_replaced_total", "counter", "Channels replaced by a newer one.", c.replaced);
  t.one("channel_bulk_lanes_lost_total", "counter", "Bulk lanes lost.", c.bulk_lanes_lost);
  t.one("channel_failover_hints_total", "counter", "Peers silent for too long.", c.failover_hints);
  t.family("channels_ended_total", "counter", "Channels that ended, by reason.");
  for (std::uint8_t i = 0; i < channel::kFailureReasonCount; ++i) {
    const auto name = i == 0 ? "orderly" : channel::to_string(*channel::failure_reason_from(i));
    t.sample(c.ended_by_reason[i], metrics_label("reason", name));
  }
}

void write_channels(Text& t, const channel::Table& table) {
  std::array<std::uint64_t, channel::kStateCount> states{};
  std::array<std::uint64_t, wire::kTrafficClassCount> classes{};
  for (const auto& channel : table.channels()) {
    ++states[static_cast<std::size_t>(channel->lifecycle.state())];
    for (std::size_t i = 0; i < classes.size(); ++i) {
      if (channel->lifecycle.classes().contains(static_cast<wire::TrafficClass>(i))) ++classes[i];
    }
  }
  t.family("channels", "gauge", "Channels by state.");
  for (std::size_t i = 0; i < states.size(); ++i) {
    t.sample(states[i], metrics_label("state", channel::to_string(static_cast<channel::State>(i))));
  }
  t.family("channel_classes", "gauge", "Channels that may carry a class of traffic.");
  for (std::size_t i = 0; i < classes.size(); ++i) {
    t.sample(classes[i], metrics_label("class", wire::kTrafficClassNames[i]));
  }
  const auto each = [&](std::string_view name, std::string_view help, auto write) {
    t.family(name, "gauge", help);
    for (const auto& channel : table.channels()) {
      const auto& l = channel->lifecycle;
      if (!l.carries_traffic()) continue;
      for (const auto lane : {wire::LaneKind::interactive, wire::LaneKind::bulk}) {
        if (!l.has_lane(lane)) continue;
        write(l.heartbeats(lane), metrics_label("peer", l.peer()->str()) + "," +
                                      metrics_label("lane", wire::to_string(lane)));
      }
    }
  };
  using Beats = channel::HeartbeatMonitor;
  each("heartbeat_rtt_seconds", "Smoothed round trip of heartbeats.",
       [&](const Beats& b, const std::string& labels) { t.seconds(b.rtt(), labels); });
  each("heartbeat_jitter_seconds", "Its variation.",
       [&](const Beats& b, const std::string& labels) { t.seconds(b.jitter(), labels); });
  each("heartbeat_loss_permille", "Of the last 32, those unanswered.",
       [&](const Beats& b, const std::string& labels) { t.sample(b.loss_permille(), labels); });
}

void write_reconnects(Text& t, const channel::Table& table, MonoTime now) {
  t.family("reconnect_failures", "gauge", "Failures in a row of peers that are dialled.");
  for (const auto& [node, peer] : table.reconnector().peers()) {
    t.sample(peer.failures, metrics_label("peer", node.str()));
  }
  t.family("reconnect_wait_seconds", "gauge", "Until the next attempt.");
  for (const auto& [node, peer] : table.reconnector().peers()) {
    if (peer.engaged || peer.stopped) continue;
    t.seconds(std::max(Duration::zero(), peer.next_at - now), metrics_label("peer", node.str()));
  }
  t.family("reconnect_stopped", "gauge", "1: denied until the configuration changes.");
  for (const auto& [node, peer] : table.reconnector().peers()) {
    t.sample(peer.stopped ? 1 : 0, metrics_label("peer", node.str()));
  }
}

void write_context(Text& t, const channel::Context& c) {
  t.one("draining", "gauge", "1 while this node drains.", c.draining ? 1 : 0);
  t.family("authority", "gauge", "1 for what the configuration is worth now.");
  for (const auto& [name, value] : {std::pair("current", channel::ConfigAuthority::current),
                                    {"degraded", channel::ConfigAuthority::degraded},
                                    {"expired", channel::ConfigAuthority::expired}}) {
    t.sample(c.authority == value ? 1 : 0, metrics_label("authority", name));
  }
  t.one("config_version", "gauge", "Of the configuration in use.", c.versions.config);
  t.one("trust_bundle_version", "gauge", "Of the roots in use.", c.versions.trust_bundle);
  t.one("revocation_version", "gauge", "Of the deny list in use.", c.versions.revocation);
  t.one("route_epoch", "gauge", "Of the routes in use.", c.versions.route_epoch);
}

void write_idle(Text& t, const router::Switchboard& board, const ClientFaults& faults) {
  t.family("idle_frames_total", "counter", "Frames that moved nothing, by what they were.");
  for (std::size_t i = 0; i < router::kIdleFrameNames.size(); ++i) {
    t.sample(board.idle_frames()[i], metrics_label("frames", router::kIdleFrameNames[i]));
  }
  t.family("links_flooded_total", "counter",
           "Clients and lanes ended for such frames, by what the last was.");
  for (std::size_t i = 0; i < router::kIdleFrameNames.size(); ++i) {
    t.sample(board.floods()[i], metrics_label("frames", router::kIdleFrameNames[i]));
  }
  t.family("client_faults_total", "counter", "Clients closed for what they sent, by what it was.");
  for (std::size_t i = 0; i < kClientFaultNames.size(); ++i) {
    t.sample(faults[i], metrics_label("fault", kClientFaultNames[i]));
  }
  t.family("client_pauses_total", "counter",
           "Times that egresses were asked to pause, by whose bytes waited.");
  t.sample(board.pauses().for_client, metrics_label("of", "client"));
  t.sample(board.pauses().for_user, metrics_label("of", "user"));
}

void write_routes(Text& t, const routes::DistanceVector* core) {
  const routes::DistanceVectorCounters counters =
      core != nullptr ? core->counters() : routes::DistanceVectorCounters{};
  t.one("route_destinations", "gauge", "Nodes to which routes are known from neighbours.",
        core != nullptr ? core->destinations() : 0);
  t.one("route_changes_total", "counter", "Routes that became others, or none.", counters.changes);
  t.one("route_bytes_sent_total", "counter", "Of what neighbours were told of routes.",
        counters.bytes_sent);
  t.one("route_bad_signatures_total", "counter", "Numbers that no key of their node signed.",
        counters.bad_signatures);
  t.one("route_refusals_total", "counter", "Times that a neighbour was believed no more.",
        counters.refusals);
}

void write_flows_here(Text& t, router::Router& router) {
  const auto& egress = router.egress();
  t.one("flows", "gauge", "Flows that end here, with a path or without.", egress.held().size());
  t.one("held_flows", "gauge", "Of flows, those that have no path.", egress.held().held());
  t.one("held_flow_bytes", "gauge", "Bytes that may come to be held for those.",
        egress.held().held_bytes());
  t.one("flow_tail_bytes", "gauge",
        "Bytes of all of them that their clients have not acknowledged.",
        egress.held().tail_bytes());
  t.family("flows_resumed_total", "counter",
           "Paths that flows got anew, by the role of this node.");
  for (const auto role : {policy::NodeRole::entry, policy::NodeRole::egress}) {
    const auto i = static_cast<std::size_t>(role);
    t.sample(router.board().resumed()[i], metrics_label("role", policy::kNodeRoleNames[i]));
  }
  t.family("flows_ended_total", "counter", "Flows that ended here, by reason.");
  for (std::size_t i = 0; i < egress.endings().size(); ++i) {
    const std::string_view name = i == 0 ? "done" : wire::kFlowReasonNames[i];
    t.sample(egress.endings()[i], metrics_label("reason", name));
  }
}

}  // namespace

std::string metrics_text(const channel::Table& table, router::Router& router,
                         const io::TlsListener* nodes, const io::TlsListener* clients,
                         const ClientSlots& slots, const ClientFaults& faults, MonoTime now) {
  Text t("rap_fabric_");
  write_channels(t, table);
  write_counters(t, table.counters());
  write_reconnects(t, table, now);
  write_context(t, table.context());
  const auto counters = [](const io::TlsListener* l) { return l ? &l->counters() : nullptr; };
  io::write_handshakes(t, {{"nodes", counters(nodes)}, {"clients", counters(clients)}});
  io::write_slots(t, {{"clients", {&slots.places, &slots.held_bytes}}});
  const router::SecurityTable& security = router.security();
  t.one("security_complete", "gauge", "1 when the security data is there; else nobody new gets in.",
        security.is_complete() ? 1 : 0);
  t.one("auth_epochs", "gauge", "Users with an auth epoch.", security.epochs());
  t.one("blocklisted", "gauge", "Addresses, blocks, devices and users.", security.blocklisted());
  t.family("flow_refusals_total", "counter",
           "Flows that this node refused or ended, and paths that it ended, by reason.");
  const auto& refusals = router.board().refusals();
  for (std::size_t i = 1; i < refusals.size(); ++i) {
    t.sample(refusals[i], metrics_label("reason", wire::kFlowReasonNames[i]));
  }
  t.family("flows_opened_total", "counter", "Flows that were accepted, by the role of this node.");
  const auto& opened = router.board().opened();
  for (std::size_t i = 0; i < opened.size(); ++i) {
    t.sample(opened[i], metrics_label("role", policy::kNodeRoleNames[i]));
  }
  write_idle(t, router.board(), faults);
  t.family("security_events_total", "counter", "High-risk events that are audited, by kind.");
  const auto& events = router.ledger().counts();
  for (std::size_t i = 0; i < events.size(); ++i) {
    t.sample(events[i], metrics_label("kind", wire::kSecurityEventKindNames[i]));
  }
  t.one("security_events_waiting", "gauge", "Entries of these that are not audited yet.",
        router.ledger().waiting());
  write_flows_here(t, router);
  write_routes(t, router.exchange().core());
  return t.take();
}

}  // namespace rap::fabric
