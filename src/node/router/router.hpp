// The data plane of one node: entry, relay and egress put together, without a socket. The shell
// brings links up and down, hands in frames, and carries out what LinkPort and the adapters ask.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "adapters/contract/adapter_set.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "mesh/configured_routes.hpp"
#include "node/router/admission/flow_judge.hpp"
#include "node/router/admission/security_ledger.hpp"
#include "node/router/admission/token_admission.hpp"
#include "node/router/egress_gate.hpp"
#include "node/router/egress_role.hpp"
#include "node/router/entry_gate.hpp"
#include "node/router/entry_role.hpp"
#include "node/router/route_exchange.hpp"
#include "node/router/switchboard.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "wire/frames/frame.hpp"

namespace rap::router {

class Router final : private mesh::Links {
 public:
  // Tokens that were issued before `started` are refused (TokenAdmission): by the issuer's clock,
  // so that it has to be late enough until that is known.
  Router(LinkPort& links, adapters::AdapterSet adapters, RandomSource& rng, WallTime started);
  void started_at(WallTime by_issuer) {
    entry_admission_.started_at(by_issuer);
    egress_admission_.started_at(by_issuer);
  }

  void set_seal_key(const crypto::X25519KeyPair& key) { egress_.set_flow_key(key); }
  // The node's own key, with which it signs routes to itself.
  void set_node_key(const crypto::PrivateKey& key) { exchange_.set_key(key); }
  // Takes a verified configuration. Token keys that do not parse are left out: their tokens are
  // refused.
  void configure(const snapshot::NodeConfig& config);
  // Organizations allow this much from now on. Flows that they no longer allow end.
  void set_policies(const snapshot::AppPolicies& policies);
  // The limit, at most kMaxFlowsPerClient, holds for flows from now on.
  void set_flows_per_client(std::size_t limit) { entry_gate_.set_flows_per_client(limit); }
  void end_session(SessionId session, WallTime wall);
  // The local security store is handed over whole (in parts) and then as it changes. Flows of those
  // who are not to be served any more end at once.
  void replace_security(const snapshot::SecurityChanges& part, bool first, bool last,
                        WallTime wall);
  void change_security(const snapshot::SecurityChanges& changes, WallTime wall);
  void security_incomplete() { security_.set_incomplete(); }
  const SecurityTable& security() const { return security_; }

  // --- links ---
  std::optional<LinkId> node_up(NodeId node, wire::TrafficClassSet classes, flow::LabelSide side,
                                wire::LaneKind lane = wire::LaneKind::interactive);
  // `exporter` is what TLS exports of the connection (crypto::kResumeExporterLabel); without it no
  // flow is resumed there.
  std::optional<LinkId> client_up(const std::optional<policy::IpAddress>& address = {},
                                  Bytes exporter = {});
  void link_down(LinkId link, wire::FlowReason reason);
  // Flows of a class that is not among `classes` end with `reason`.
  void set_link_policy(LinkId link, wire::TrafficClassSet classes, bool takes_new_flows,
                       wire::FlowReason reason = wire::FlowReason::channel_class_denied);
  flow::SendQueue& queue(LinkId link) { return board_.find(link)->queue; }

  // Takes any frame but a channel's own. False: the neighbour broke the protocol beyond one flow,
  // and the link is to be closed.
  bool on_frame(LinkId link, const wire::FrameView& frame, MonoTime now, WallTime wall);
  void tick(MonoTime now, WallTime wall);  // about once a second
  void wake(MonoTime now, WallTime wall);  // when LinkPort::wake_at said
  void routes_due(MonoTime now);  // when LinkPort::routes_at said
  // What was measured on the channel with a neighbour.
  void measured(NodeId neighbour, const routes::LinkFigures& figures, MonoTime now);
  void room(LinkId link, MonoTime now, WallTime wall);  // after LinkPort::left
  // A node that is entry and egress at once has a pair of links to itself. When LinkPort::flush
  // names one, call deliver_loopback() on a later turn of the loop.
  bool is_loopback(LinkId link) const {
    return loopback_ && (link == loopback_->first || link == loopback_->second);
  }
  void deliver_loopback(MonoTime now, WallTime wall);

  // What of the channels and the targets is noted here, too.
  SecurityLedger& ledger() { return ledger_; }
  EntryRole& entry() { return entry_; }
  EgressRole& egress() { return egress_; }
  const RouteExchange& exchange() const { return exchange_; }
  // Sessions that had a flow of late, by a client of this entry.
  const RecentSessions& recent() const { return entry_gate_.recent(); }
  Switchboard& board() { return board_; }

 private:
  std::optional<LinkId> link_to(NodeId neighbour, wire::TrafficClass c) const override;

  void enforce(WallTime wall);
  void advance(MonoTime now, WallTime wall);
  bool on_node_frame(LinkId id, Link& link, const wire::FrameView& frame, WallTime wall);
  bool on_client_frame(LinkId id, Link& link, const wire::FrameView& frame, WallTime wall);
  bool flow_attach(LinkId id, Link& link, const wire::FrameView& frame, WallTime wall);
  std::optional<wire::FlowReason> relay_open(LinkId id, const wire::FrameView& frame,
                                             const wire::FlowOpen& open);
  void unknown_label(LinkId id, const wire::FrameView& frame);
  void end_lost(FlowEnd end, wire::FlowReason reason);

  Switchboard board_;
  SecurityTable security_;
  FlowJudge judge_;
  SecurityLedger ledger_;
  mesh::ConfiguredRoutes configured_;
  routes::LearnedRoutes routes_;
  RouteExchange exchange_;
  TokenAdmission entry_admission_;
  TokenAdmission egress_admission_;
  EntryGate entry_gate_;
  EntryRole entry_;
  EgressGate egress_gate_;
  EgressRole egress_;
  NodeId self_;
  bool relays_ = false;
  // Neighbours with no other role: they ask nobody for a flow. One of them may be a tenant's host,
  // and a flow that is asked for costs another tenant's egress a key agreement, token or not.
  std::set<NodeId> only_egresses_;
  // The node has a pair of links to itself, so that no role needs a special case for being on one
  // node.
  std::optional<std::pair<LinkId, LinkId>> loopback_;
};

}  // namespace rap::router
