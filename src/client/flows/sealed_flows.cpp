#include "client/flows/sealed_flows.hpp"

#include <algorithm>
#include <utility>

#include "client/flows/client_flow.hpp"

namespace rap::client {

using wire::FlowReason;
using wire::FrameType;

namespace {

struct Nobody final : SealedFlowUser {
  void flow_accepted() override {}
  void flow_received(ByteView) override {}
  void flow_finished() override {}
  void flow_writable() override {}
  bool flow_lacks_tokens(FlowReason) override { return false; }
  void flow_ended(wire::FlowEnding, bool, const std::string&) override {}
};

SealedFlowUser& nobody() {
  static Nobody one;
  return one;
}

bool is_for_clients(FrameType type) {
  switch (type) {
    case FrameType::flow_accept:
    case FrameType::flow_refuse:
    case FrameType::data:
    case FrameType::credit:
    case FrameType::reset:
    case FrameType::pause:
    case FrameType::flow_ack:
    case FrameType::flow_end:
    case FrameType::flow_close: return true;
    case FrameType::hello:
    case FrameType::heartbeat:
    case FrameType::heartbeat_ack:
    case FrameType::goodbye:
    case FrameType::reauthentication:
    case FrameType::route:
    case FrameType::flow_request:
    case FrameType::flow_resume:
    case FrameType::flow_attach:
    case FrameType::flow_confirm: return false;
  }
  return false;
}

}  // namespace

SealedFlows::SealedFlows(LinkDialler& dialler, ClientKeys keys, RandomSource& rng,
                         std::size_t tails)
    : dialler_(dialler), keys_(std::move(keys)), rng_(rng), memory_(tails) {}

SealedFlows::~SealedFlows() = default;

ClientFlow* SealedFlows::find(FlowNumber flow) const {
  const auto it = flows_.find(flow);
  return it == flows_.end() ? nullptr : it->second.get();
}

FlowLink* SealedFlows::find_link(LinkNumber link) const {
  const auto it = links_.find(link);
  return it == links_.end() ? nullptr : it->second.get();
}

// --- commands of those who use flows
// --------------------------------------------------------------

FlowNumber SealedFlows::open(MonoTime now, SealedFlowUser& user, const Attachment& attachment,
                             wire::TrafficClass c) {
  const FlowNumber number = next_flow_++;
  OpeningOrder order{attachment.candidates.size(), egresses_for(now, attachment)};
  ClientFlow& flow = *flows_
                          .emplace(number, std::make_unique<ClientFlow>(number, user, attachment, c,
                                                                        std::move(order)))
                          .first->second;
  if (flow.order.next()) {
    ask(now, flow);
  } else {
    flow.ask_at = now;
    wake_by(now);
  }
  return number;
}

void SealedFlows::open_again(MonoTime now, FlowNumber number, const Attachment& attachment) {
  ClientFlow* flow = find(number);
  if (flow == nullptr || !std::exchange(flow->lacks_tokens, false)) return;
  flow->attachment = attachment;
  flow->order.renew(attachment.candidates.size(), egresses_for(now, attachment));
  flow->ask_at = now;
  wake_by(now);
}

std::size_t SealedFlows::take(MonoTime now, FlowNumber number, ByteView bytes) {
  ClientFlow* flow = find(number);
  if (flow == nullptr || !flow->end) return 0;
  std::size_t taken = 0;
  with(now, *flow, [&](flow::SealedEnd& end) { taken = end.take(now, bytes); });
  return taken;
}

std::size_t SealedFlows::room(FlowNumber number) const {
  const ClientFlow* flow = find(number);
  return flow == nullptr || !flow->end ? 0 : flow->end->room();
}

void SealedFlows::finish(MonoTime now, FlowNumber number) {
  ClientFlow* flow = find(number);
  if (flow == nullptr) return;
  // Nothing can be finished before it is accepted; the local side gave up.
  if (!flow->end) return end(number, FlowReason::session_ended);
  with(now, *flow, [&](flow::SealedEnd& end) { end.finish(now); });
}

void SealedFlows::consumed(MonoTime now, FlowNumber number, std::size_t bytes) {
  ClientFlow* flow = find(number);
  if (flow == nullptr || !flow->end) return;
  if (flow->in_end) {
    flow->consumed_meanwhile += bytes;
  } else {
    with(now, *flow, [&](flow::SealedEnd& end) { end.consumed(now, bytes); });
  }
}

void SealedFlows::leave(MonoTime now, FlowNumber number) {
  ClientFlow* flow = find(number);
  if (flow == nullptr) return;
  flow->user = &nobody();
  if (!flow->end) return end(number, FlowReason::session_ended);
  with(now, *flow, [&](flow::SealedEnd& end) { end.end(now, FlowReason::peer_lost); });
}

// --- the connections
// ------------------------------------------------------------------------------

void SealedFlows::link_up(MonoTime now, LinkNumber number, Bytes exporter) {
  FlowLink* link = find_link(number);
  if (link == nullptr) return;
  link->exporter = std::move(exporter);
  for (const FlowNumber waits : std::exchange(link->waiting, {})) {
    if (ClientFlow* flow = find(waits)) send_question(now, *flow, *link);
  }
}

void SealedFlows::link_lost(MonoTime now, LinkNumber number, wire::FallbackCause cause,
                            const std::string& detail) {
  const auto it = links_.find(number);
  if (it == links_.end()) return;
  const std::unique_ptr<FlowLink> link = std::move(it->second);  // flows may still have its queue
  links_.erase(it);
  for (const FlowNumber waits : link->waiting) {
    if (ClientFlow* flow = find(waits)) failed(now, *flow, {std::nullopt, cause, detail});
  }
  std::vector<FlowLink::Labelled> had;
  link->labels.for_each([&](std::uint32_t, const FlowLink::Labelled& one) { had.push_back(one); });
  for (const FlowLink::Labelled& one : had) {
    const std::uint64_t path = one.path;
    ClientFlow* flow = find(one.flow);
    if (flow == nullptr) continue;
    if (path == 0) {
      failed(now, *flow, {std::nullopt, cause, detail});
    } else {
      std::erase_if(flow->paths, [&](const ClientFlow::PathAt& at) { return at.path == path; });
      flow->detail = detail;
      with(now, *flow, [&](flow::SealedEnd& end) { end.path_lost(now, path); });
    }
  }
}

bool SealedFlows::is_idle(LinkNumber number) const {
  const FlowLink* link = find_link(number);
  return link != nullptr && link->flows() == 0;
}

void SealedFlows::retire_links() {
  for (const auto& [number, link] : links_) link->retired = true;
}

std::expected<void, std::string_view> SealedFlows::receive(MonoTime now, LinkNumber number,
                                                           MutableBytes message) {
  FlowLink* link = find_link(number);
  while (link != nullptr && !message.empty()) {
    const auto next = wire::next_frame(message);
    if (!next) return std::unexpected(wire::to_string(next.error()));
    if (!*next) return std::unexpected("a frame is cut off by the end of its message");
    if (auto ok = frame(now, *link, **next); !ok) return ok;
    message = message.subspan((*next)->whole.size());
  }
  return {};
}

std::expected<void, std::string_view> SealedFlows::frame(MonoTime now, FlowLink& link,
                                                         const wire::FrameView& frame) {
  const auto& header = frame.header;
  if (header.label == 0 || !is_for_clients(header.type)) {
    return std::unexpected("a frame that is not for clients");
  }
  const FlowLink::Labelled* at = link.labels.find(header.label);
  // A frame that crossed our own end of the path: the other end will learn so.
  if (at == nullptr) return {};
  ClientFlow& flow = *find(at->flow);
  if (at->path == 0) {
    answered(now, flow, link, frame);
  } else {
    with(now, flow, [&, path = at->path](flow::SealedEnd& end) {
      end.receive(now, path, header.type, frame.payload);
    });
  }
  return {};
}

// Whoever was given least comes first: one flow alone would fill the queue of its class again and
// again. One that had nothing to send is owed nothing for it.
void SealedFlows::drained(MonoTime now, LinkNumber number) {
  FlowLink* link = find_link(number);
  if (link == nullptr) return;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> all;
  link->labels.for_each([&](std::uint32_t label, const FlowLink::Labelled& one) {
    if (one.path != 0) all.emplace_back(std::max(one.served, link->served), label);
  });
  std::ranges::sort(all);
  for (const auto& [served, label] : all) {
    const FlowLink::Labelled* one = link->labels.find(label);
    ClientFlow* flow = one == nullptr ? nullptr : find(one->flow);
    if (flow == nullptr) continue;
    const std::size_t before = link->queue.queued_bytes();
    with(now, *flow, [&](flow::SealedEnd& end) { end.drained(now); });
    const std::size_t after = link->queue.queued_bytes();
    FlowLink::Labelled* still = link->labels.find(label);
    if (after <= before || still == nullptr) continue;
    link->served = served;
    still->served = served + (after - before);
  }
}

// --- what happens to a flow's end
// -----------------------------------------------------------------

flow::SealedEnd& SealedFlows::enter(ClientFlow& flow) {
  flow.in_end = true;
  return *flow.end;
}

void SealedFlows::settle(MonoTime now, ClientFlow& flow) {
  flow.in_end = false;
  while (flow.consumed_meanwhile > 0 && !flow.heard_end) {
    flow.end->consumed(now, std::exchange(flow.consumed_meanwhile, 0));
  }
  wake_for(flow);
  for (const std::uint64_t path : std::exchange(flow.over, {})) forget_path(flow, path);
  if (!flow.heard_end && !flow.end->has_path() && !flow.asks && !flow.ask_at) {
    flow.away_since = now;
    flow.ask_at = flow.search.lost(now, rng_);
    wake_by(*flow.ask_at);
  }
  if (const auto next = flow.end->next_wakeup()) wake_by(*next);
  tell(flow.number);
}

void SealedFlows::forget_path(ClientFlow& flow, std::uint64_t path) {
  const auto at = std::ranges::find(flow.paths, path, &ClientFlow::PathAt::path);
  if (at == flow.paths.end()) return;
  if (FlowLink* link = find_link(at->link)) link->labels.erase(at->label);
  flow.paths.erase(at);
}

// Each of these may do anything to the flows, this one too.
void SealedFlows::tell(FlowNumber number) {
  ClientFlow* flow = find(number);
  if (flow != nullptr && std::exchange(flow->heard_accepted, false)) flow->user->flow_accepted();
  flow = find(number);
  if (flow != nullptr && std::exchange(flow->heard_finished, false)) flow->user->flow_finished();
  flow = find(number);
  if (flow != nullptr && std::exchange(flow->heard_room, false)) flow->user->flow_writable();
  flow = find(number);
  if (flow != nullptr && flow->heard_end) end(number, flow->ending);
}

void SealedFlows::end(FlowNumber number, wire::FlowEnding ending) {
  const auto it = flows_.find(number);
  if (it == flows_.end()) return;
  const std::unique_ptr<ClientFlow> flow = std::move(it->second);
  flows_.erase(it);
  take_back(*flow, FlowReason::peer_lost);
  for (const auto path : std::exchange(flow->paths, {})) {
    if (FlowLink* link = find_link(path.link)) link->labels.erase(path.label);
  }
  const bool accepted = flow->end != nullptr;
  // What went wrong on the way there says something of a flow that never was, or is not reached.
  const bool says = !accepted || ending == FlowReason::hold_expired;
  const bool again = ending && flow->detail == to_string(*ending);
  flow->user->flow_ended(ending, accepted, says && !again ? flow->detail : std::string());
}

// --- time
// -----------------------------------------------------------------------------------------

void SealedFlows::wake_by(MonoTime when) { wake_at_ = wake_at_ ? std::min(*wake_at_, when) : when; }

void SealedFlows::wake_for(const ClientFlow& flow) {
  for (const auto& at : flow.paths) {
    if (FlowLink* link = find_link(at.link)) has_output(*link);
  }
}

void SealedFlows::has_output(FlowLink& link) {
  if (link.is_up() && !link.queue.empty()) dialler_.has_output(link.number);
}

void SealedFlows::tick(MonoTime now) {
  if (!wake_at_ || now < *wake_at_) return;
  wake_at_.reset();
  std::vector<FlowNumber> all;
  all.reserve(flows_.size());
  for (const auto& [number, flow] : flows_) all.push_back(number);
  for (const FlowNumber number : all) look_at(now, number);
}

void SealedFlows::look_at(MonoTime now, FlowNumber number) {
  ClientFlow* flow = find(number);
  if (flow == nullptr) return;
  if (flow->asks && flow->asks->until && *flow->asks->until <= now) {
    flow->tried_another_egress = true;
    take_back(*flow, FlowReason::setup_timeout);
    failed(now, *flow, {FlowReason::setup_timeout, {}, {}});
  }
  if (flow->ask_at && *flow->ask_at <= now) {
    ask(now, *flow);
    flow = find(number);
    if (flow == nullptr) return;
  }
  for (const auto& when : {flow->ask_at, flow->asks ? flow->asks->until : std::nullopt}) {
    if (when) wake_by(*when);
  }
  if (!flow->end) return;
  const auto due = flow->end->next_wakeup();
  if (!due) return;
  if (*due > now) return wake_by(*due);
  with(now, *flow, [&](flow::SealedEnd& end) { end.wakeup(now); });
}

std::optional<SealedFlows::Away> SealedFlows::away() const {
  std::optional<Away> out;
  for (const auto& [number, flow] : flows_) {
    if (!flow->away_since) continue;
    if (!out || *flow->away_since < out->since) {
      const auto& entry = flow->attachment.candidates[flow->search.entry()];
      out = Away{out ? out->flows : 0, *flow->away_since, entry.url.authority.str(), flow->detail};
    }
    ++out->flows;
  }
  return out;
}

}  // namespace rap::client
