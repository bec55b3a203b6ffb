#include <algorithm>

#include "client/api/entry_fallback.hpp"
#include "client/flows/client_flow.hpp"
#include "client/flows/sealed_flows.hpp"

namespace rap::client {
namespace {

// The egress was asked and did not get to the target; so it will be with the next flow.
bool is_unreached(wire::FlowReason reason) {
  using enum wire::FlowReason;
  return reason == target_unreachable || reason == target_refused || reason == target_timeout ||
         reason == setup_timeout;
}

}  // namespace

using wire::FlowReason;
using wire::FrameType;

FlowLink& SealedFlows::link_to(const Candidate& entry) {
  FlowLink* found = nullptr;
  for (const auto& [number, link] : links_) {
    if (link->entry.url != entry.url || !link->has_room()) continue;
    if (found == nullptr || (link->is_up() && !found->is_up())) found = link.get();
  }
  if (found != nullptr) return *found;
  const LinkNumber number = next_link_++;
  FlowLink& made = *links_.emplace(number, std::make_unique<FlowLink>()).first->second;
  made.number = number;
  made.entry = entry;
  made.entry.token.clear();
  made.entry.more_tokens.clear();
  dialler_.dial(number, made.entry);
  return made;
}

// Each session has its own order, and who did not get to the resource of late comes last.
std::vector<NodeId> SealedFlows::egresses_for(MonoTime now, const Attachment& attachment) const {
  std::vector<NodeId> out;
  for (const KnownEgress& one : attachment.resume->egresses) out.push_back(one.node);
  std::ranges::stable_partition(out, [&](NodeId one) { return !unreached_.avoids(one, now); });
  return out;
}

void SealedFlows::ask(MonoTime now, ClientFlow& flow) {
  flow.ask_at.reset();
  if (flow.end) {
    const auto over = flow.refusals.verdict(now, flow.attachment.candidates.size());
    return over ? end(flow.number, *over) : ask_by(now, flow, flow.search.entry());
  }
  const auto next = flow.order.next();
  if (!next) return exhausted(flow);
  const auto& egresses = flow.attachment.resume->egresses;
  flow.egress = *std::ranges::find(egresses, next->egress, &KnownEgress::node);
  ask_by(now, flow, next->token);
}

void SealedFlows::ask_by(MonoTime now, ClientFlow& flow, std::size_t candidate) {
  FlowLink& link = link_to(flow.attachment.candidates[candidate]);
  AskedPath& asks = flow.asks.emplace();
  asks.link = link.number;
  asks.candidate = candidate;
  if (link.is_up()) return send_question(now, flow, link);
  link.waiting.push_back(flow.number);
  // A new flow waits for as long as connecting takes; for one that goes on another entry may be
  // there meanwhile.
  if (!flow.end) return;
  asks.until = now + kDialPatience;
  wake_by(*asks.until);
}

void SealedFlows::send_question(MonoTime now, ClientFlow& flow, FlowLink& link) {
  AskedPath& asks = *flow.asks;
  asks.label = link.labels.allocate({flow.number, 0});
  if (!asks.label) return failed(now, flow, {FlowReason::limit_reached, {}, {}});
  wire::FirstMessage message;
  message.traffic_class = flow.traffic_class;
  if (flow.end) {
    message.resumes = flow.id;
    message.attempt = ++flow.attempts;
    message.credential = flow.attachment.resume->grant;
  } else {
    message.credential = flow.attachment.candidates[asks.candidate].token;
    unreached_.probe(flow.egress.node, now);
  }
  asks.handshake.emplace(keys_.flow, flow.egress.flow_key, rng_);
  const Bytes first = asks.handshake->first_message(message.encode());
  if (first.empty()) {  // no honest egress has such a key
    link.labels.erase(*asks.label);
    return failed(now, flow, {FlowReason::seal_failed, {}, {}});
  }
  const Bytes payload = question(flow, link, first);
  link.queue.append({flow.end ? FrameType::flow_resume : FrameType::flow_request,
                     flow.traffic_class, static_cast<std::uint16_t>(payload.size()), *asks.label},
                    payload);
  const bool others = !flow.tried_another_egress && flow.order.has_another();
  asks.until = now + (flow.end ? kPathPatience : others ? kEgressPatience : kOpenPatience);
  wake_by(*asks.until);
  has_output(link);
}

Bytes SealedFlows::question(const ClientFlow& flow, const FlowLink& link, ByteView first) const {
  if (!flow.end) {
    return wire::FlowRequest{flow.egress.node,
                             flow.attachment.candidates[flow.asks->candidate].token, first}
        .encode();
  }
  const std::string& grant = flow.attachment.resume->grant;
  wire::FlowResume resume;
  resume.egress = flow.egress.node;
  resume.grant = grant;
  resume.first_message = first;
  std::ranges::copy(
      crypto::make_resume_proof(keys_.proof, {grant, link.entry.worker, link.exporter, first}),
      resume.proof.begin());
  return resume.encode();
}

void SealedFlows::answered(MonoTime now, ClientFlow& flow, FlowLink& link,
                           const wire::FrameView& frame) {
  switch (frame.header.type) {
    case FrameType::flow_accept: return accepted(now, flow, link, frame.payload);
    case FrameType::flow_refuse:
    case FrameType::reset:
      link.labels.erase(*flow.asks->label);
      flow.asks->label.reset();
      return refused(now, flow, link,
                     wire::decode_reason(frame.payload).value_or(FlowReason::protocol_error));
    default:
      take_back(flow, FlowReason::protocol_error);
      return failed(now, flow, {FlowReason::protocol_error, {}, {}});
  }
}

void SealedFlows::accepted(MonoTime now, ClientFlow& flow, FlowLink& link, ByteView answer) {
  AskedPath asks = std::move(*flow.asks);
  auto keys = asks.handshake->finish(answer);
  const auto said = keys ? wire::FlowAnswer::decode(asks.handshake->answer()) : std::nullopt;
  if (!said || (flow.end && said->flow != flow.id)) {
    flow.asks = std::move(asks);
    take_back(flow, FlowReason::seal_failed);
    return failed(now, flow, {FlowReason::seal_failed, {}, {}});
  }
  flow.asks.reset();
  flow.away_since.reset();
  const std::uint64_t path = next_path_++;
  link.labels.find(*asks.label)->path = path;
  flow.paths.push_back({path, link.number, *asks.label});
  const flow::FlowPath at{.number = path, .label = *asks.label, .queue = &link.queue};
  const bool first = flow.end == nullptr;
  if (first) {
    flow.id = said->flow;
    const flow::ReliableLimits limits{.hold = flow.attachment.resume->hold + kHoldLonger};
    flow.end = std::make_unique<flow::SealedEnd>(flow::FlowSide::opener, flow.traffic_class,
                                                 memory_, flow, now, limits);
    flow.search = PathSearch(flow.attachment.candidates.size(), asks.candidate);
    flow.heard_accepted = true;
    unreached_.forget(flow.egress.node);
  }
  flow.search.found(now);
  flow.refusals.forget();
  with(now, flow, [&](flow::SealedEnd& end) {
    first ? end.opened(now, at, std::move(*keys), said->position)
          : end.resumed(now, at, std::move(*keys), said->position);
  });
}

// An entry that takes no more flows on a connection than there are takes them on another one, and
// has not looked at the token then.
void SealedFlows::refused(MonoTime now, ClientFlow& flow, FlowLink& link, FlowReason reason) {
  if (reason == FlowReason::limit_reached && link.flows() > 0) {
    link.limit = link.flows();
    if (!flow.end && !flow.tried_another_link) {
      flow.tried_another_link = true;
      flow.asks.reset();
      flow.ask_at = now;
      return wake_by(now);
    }
  }
  if (reason == FlowReason::token_replayed && flow.tried_another_link) {
    reason = FlowReason::limit_reached;
  }
  failed(now, flow, {reason, {}, {}});
}

// The hops let go of a question that has no answer yet.
void SealedFlows::take_back(ClientFlow& flow, FlowReason reason) {
  FlowLink* link = flow.asks ? find_link(flow.asks->link) : nullptr;
  if (link == nullptr) return;
  if (!flow.asks->label) {
    std::erase(link->waiting, flow.number);
    return;
  }
  const auto payload = wire::encode_reason(reason);
  link->queue.append({FrameType::reset, flow.traffic_class, payload.size(), *flow.asks->label},
                     payload);
  link->labels.erase(*flow.asks->label);
  has_output(*link);
}

void SealedFlows::failed(MonoTime now, ClientFlow& flow, const PathTrouble& trouble) {
  const std::size_t candidate = flow.asks->candidate;
  flow.asks.reset();
  flow.detail = trouble.detail;
  if (trouble.refused && flow.detail.empty()) flow.detail = to_string(*trouble.refused);
  if (flow.end) {
    flow.refusals.heard(now, trouble.refused);
    flow.ask_at = flow.search.failed(now, rng_);
  } else {
    const auto cause =
        trouble.refused ? worth_another_entry(*trouble.refused) : std::optional(trouble.cause);
    if (cause) dialler_.passed_over(flow.attachment.candidates[candidate], *cause, flow.detail);
    if (trouble.refused && is_unreached(*trouble.refused)) {
      unreached_.note(flow.egress.node, now);
    }
    trouble.refused ? flow.order.refused(*trouble.refused) : flow.order.entry_failed();
    flow.tried_another_link = false;
    flow.ask_at = now;
  }
  wake_by(*flow.ask_at);
}

void SealedFlows::exhausted(ClientFlow& flow) {
  const FlowNumber number = flow.number;
  const FlowReason verdict = flow.order.verdict();
  if (flow.order.may_go_on()) {
    flow.lacks_tokens = true;
    if (flow.user->flow_lacks_tokens(verdict)) return;
  }
  end(number, verdict);
}

}  // namespace rap::client
