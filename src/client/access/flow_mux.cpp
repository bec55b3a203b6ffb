#include "client/access/flow_mux.hpp"

#include <algorithm>

namespace rap::client {

using wire::FlowReason;
using wire::FrameType;

std::optional<FlowLabel> FlowMux::open(wire::TrafficClass c, std::string_view token) {
  Flow flow;
  flow.traffic_class = c;
  const auto label = flows_.allocate(std::move(flow));
  if (!label) return std::nullopt;
  const ByteView payload = as_bytes(token);
  queue_.append({FrameType::flow_request, c, static_cast<std::uint16_t>(payload.size()), *label},
                payload);
  return label;
}

std::size_t FlowMux::room(FlowLabel label) {
  const Flow* flow = flows_.find(label);
  if (flow == nullptr || !flow->accepted || flow->finished) return 0;
  const std::size_t queued = queue_.queued_bytes();
  if (queued >= kMaxQueuedBytes) return 0;
  return std::min<std::size_t>(flow->send.available(), kMaxQueuedBytes - queued);
}

std::size_t FlowMux::send(FlowLabel label, ByteView data) {
  const std::size_t taken = std::min(data.size(), room(label));
  Flow* flow = flows_.find(label);
  if (flow == nullptr) return 0;
  for (ByteView rest = data.first(taken); !rest.empty();) {
    const ByteView piece = rest.first(std::min(rest.size(), wire::kMaxData));
    flow->send.spend(static_cast<std::uint32_t>(piece.size()));
    queue_.append(
        {FrameType::data, flow->traffic_class, static_cast<std::uint16_t>(piece.size()), label},
        piece);
    rest = rest.subspan(piece.size());
  }
  flow->starved = flow->send.available() < kWorthwhileRoom;
  return taken;
}

void FlowMux::finish(FlowLabel label) {
  Flow* flow = flows_.find(label);
  if (flow == nullptr || flow->finished) return;
  // Nothing can be finished before it is accepted; the local side gave up.
  if (!flow->accepted) return reset(label, FlowReason::session_ended);
  flow->finished = true;
  queue_.append({FrameType::fin, flow->traffic_class, 0, label}, {});
  if (flow->peer_finished) flows_.erase(label);
}

void FlowMux::reset(FlowLabel label, FlowReason reason) {
  Flow* flow = flows_.find(label);
  if (flow == nullptr) return;
  send_reason(label, flow->traffic_class, reason);
  flows_.erase(label);
}

void FlowMux::delivered(FlowLabel label, std::size_t n) {
  Flow* flow = flows_.find(label);
  if (flow == nullptr) return;
  const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(n, flow->undelivered));
  flow->undelivered -= bytes;
  const std::uint32_t credit = flow->receive.consumed(bytes);
  if (credit == 0 || flow->peer_finished) return;
  const auto payload = wire::encode_credit(credit);
  queue_.append({FrameType::credit, flow->traffic_class, payload.size(), label}, payload);
}

std::expected<void, std::string_view> FlowMux::receive(MutableBytes message) {
  while (!message.empty()) {
    const auto next = wire::next_frame(message);
    if (!next) return std::unexpected(wire::to_string(next.error()));
    if (!*next) return std::unexpected("a frame is cut off by the end of its message");
    if (auto ok = frame(**next); !ok) return ok;
    message = message.subspan((*next)->whole.size());
  }
  return {};
}

std::expected<void, std::string_view> FlowMux::frame(const wire::FrameView& frame) {
  const FlowLabel label = frame.header.label;
  if (label == 0) return std::unexpected("a frame that is not for clients");
  Flow* flow = flows_.find(label);
  // A frame that crossed our RESET: its flow is gone here, and the other end will learn so.
  if (flow == nullptr) return {};
  switch (frame.header.type) {
    case FrameType::flow_accept:
      if (flow->accepted) return std::unexpected("a flow is accepted twice");
      flow->accepted = true;
      sink_.on_accepted(label);
      return {};
    case FrameType::data: data(label, *flow, frame.payload); return {};
    case FrameType::credit: credit(label, *flow, frame.payload); return {};
    case FrameType::fin: peer_finish(label, *flow); return {};
    case FrameType::flow_refuse:
    case FrameType::reset: {
      const auto reason = wire::decode_reason(frame.payload).value_or(FlowReason::protocol_error);
      const bool accepted = flow->accepted;
      flows_.erase(label);
      sink_.on_ended(label, reason, accepted);
      return {};
    }
    case FrameType::hello:
    case FrameType::heartbeat:
    case FrameType::heartbeat_ack:
    case FrameType::goodbye:
    case FrameType::reauthentication:
    case FrameType::route:
    case FrameType::flow_request:
    case FrameType::flow_open:
    case FrameType::pause:
    case FrameType::sealed_request:
    case FrameType::flow_resume:
    case FrameType::flow_attach:
    case FrameType::flow_confirm:
    case FrameType::flow_ack:
    case FrameType::flow_end:
    case FrameType::flow_close: return std::unexpected("a frame that is not for clients");
  }
  return {};
}

void FlowMux::data(FlowLabel label, Flow& flow, ByteView payload) {
  if (!flow.accepted || flow.peer_finished) return break_flow(label, FlowReason::protocol_error);
  const auto size = static_cast<std::uint32_t>(payload.size());
  if (size > flow::kInitialWindow - std::min(flow.undelivered, flow::kInitialWindow)) {
    return break_flow(label, FlowReason::flow_control);
  }
  flow.undelivered += size;
  sink_.on_data(label, payload);
}

void FlowMux::credit(FlowLabel label, Flow& flow, ByteView payload) {
  const auto credit = wire::decode_credit(payload);
  if (!credit || !flow.accepted || !flow.send.grant(*credit)) {
    return break_flow(label, FlowReason::flow_control);
  }
  if (std::exchange(flow.starved, false)) sink_.on_writable(label);
}

void FlowMux::peer_finish(FlowLabel label, Flow& flow) {
  if (!flow.accepted || flow.peer_finished) return break_flow(label, FlowReason::protocol_error);
  flow.peer_finished = true;
  if (flow.finished) flows_.erase(label);
  sink_.on_finished(label);
}

void FlowMux::break_flow(FlowLabel label, FlowReason reason) {
  const bool accepted = flows_.find(label)->accepted;
  reset(label, reason);
  sink_.on_ended(label, reason, accepted);
}

void FlowMux::send_reason(FlowLabel label, wire::TrafficClass c, FlowReason reason) {
  const auto payload = wire::encode_reason(reason);
  queue_.append({FrameType::reset, c, payload.size(), label}, payload);
}

void FlowMux::lost() {
  flows_.for_each([this](FlowLabel label, const Flow& flow) {
    const bool accepted = flow.accepted;
    flows_.erase(label);
    sink_.on_ended(label, FlowReason::peer_lost, accepted);
  });
}

}  // namespace rap::client
