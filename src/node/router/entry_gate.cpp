#include "node/router/entry_gate.hpp"

#include <utility>

#include "policy/addresses/ip_prefix.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;
using wire::FrameView;

void EntryGate::configure(NodeId self, bool enabled, std::vector<snapshot::KeyedPool> pools) {
  self_ = self;
  enabled_ = enabled;
  pools_ = std::move(pools);
}

const snapshot::KeyedPool* EntryGate::pool(EgressPoolId id) const {
  const auto pool = std::ranges::find(pools_, id, &snapshot::KeyedPool::id);
  return pool == pools_.end() ? nullptr : &*pool;
}

std::optional<FlowReason> EntryGate::closed_to(const Link& client) const {
  if (!enabled_ || !judge_.is_ready()) return FlowReason::not_ready;
  if (flows_ >= kMaxEntryFlows || client.flows.size() > flows_per_client_) {
    return FlowReason::limit_reached;
  }
  return std::nullopt;
}

void EntryGate::ask(LinkId client, const FrameView& frame, const Admit& admit) {
  Link* link = board_.find(client);
  if (link == nullptr) return;
  FlowEnd end;
  end.kind = FlowEnd::Kind::entry_path;
  end.traffic_class = frame.header.traffic_class;
  const bool adopted = link->flows.adopt(frame.header.label, std::move(end)) ==
                       flow::LabelTable<FlowEnd>::Adopted::ok;
  wire::SecurityEvent about;
  auto refused = adopted ? closed_to(*link) : std::optional(FlowReason::protocol_error);
  if (!refused) refused = admit(about);
  if (!refused) return;
  if (adopted) link->flows.erase(frame.header.label);
  board_.count(*refused);
  board_.moved_nothing(client, IdleFrame::refused_request);
  if (link->address) about.source = policy::source_network(link->address->str());
  if (!about.user) about.user = link->user;
  ledger_.note_refusal(*refused, std::move(about));
  board_.send_reason(client, FrameType::flow_refuse, frame.header.traffic_class, frame.header.label,
                     *refused);
}

std::optional<FlowReason> EntryGate::judge(const FlowRight& right, wire::TrafficClass c,
                                           WallTime wall) const {
  if (const auto refusal = judge_.refusal(right, c, wall)) return refusal;
  if (!shares_.has_room(right.principal.user)) return FlowReason::limit_reached;
  return std::nullopt;
}

std::optional<FlowReason> EntryGate::judge_token(const crypto::DataPlaneToken& token,
                                                 const FlowRight& right, wire::TrafficClass c,
                                                 WallTime wall) const {
  if (const auto refusal = judge(right, c, wall)) return refusal;
  if (token.entry != self_) return FlowReason::wrong_entry;
  return std::nullopt;
}

void EntryGate::opened(LinkId client, const FlowRight& right, MonoTime now) {
  ++flows_;
  shares_.opened(right.principal.user);
  board_.admitted(client, right.principal.user);
  recent_.note(right.session, now);
}

void EntryGate::ended(const FlowRight& right) {
  --flows_;
  shares_.ended(right.principal.user);
}

}  // namespace rap::router
