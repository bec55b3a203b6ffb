#include "node/router/switchboard.hpp"

namespace rap::router {

using wire::FlowReason;
using wire::FrameType;

namespace {

// Credit overtakes the data of every class: a full queue must not keep its own relief waiting.
constexpr auto kCreditClass = wire::TrafficClass::route_control;

}  // namespace

std::optional<LinkId> Switchboard::add(std::unique_ptr<Link> link) {
  if (!free_.empty()) {
    const LinkId id = free_.back();
    free_.pop_back();
    links_[id] = std::move(link);
    return id;
  }
  if (links_.size() >= kMaxLinks) return std::nullopt;
  links_.push_back(std::move(link));
  return static_cast<LinkId>(links_.size() - 1);
}

std::unique_ptr<Link> Switchboard::remove(LinkId id) {
  if (find(id) == nullptr) return nullptr;
  free_.push_back(id);
  return std::move(links_[id]);
}

std::optional<LinkId> Switchboard::towards(NodeId node, wire::TrafficClass c) const {
  std::optional<LinkId> other;
  for (LinkId i = 0; i < links_.size(); ++i) {
    const Link* link = links_[i].get();
    if (link == nullptr || link->kind != Link::Kind::node || link->node != node) continue;
    if (!link->takes_new_flows || !link->classes.contains(c)) continue;
    if (link->lane == wire::lane_of(c)) return i;
    other = i;
  }
  return other;
}

void Switchboard::send(LinkId id, const wire::FrameHeader& header, ByteView payload) {
  Link* link = find(id);
  if (link == nullptr) return;
  link->queue.append(header, payload);
  link->bytes_out += wire::kFrameHeader + payload.size();
  port_.flush(id);
}

void Switchboard::send_reason(LinkId id, FrameType type, wire::TrafficClass c, std::uint32_t label,
                              FlowReason reason) {
  const auto byte = static_cast<std::uint8_t>(reason);
  send(id, {type, c, 1, label}, ByteView(&byte, 1));
}

void Switchboard::send_credit(LinkId id, std::uint32_t label, std::uint32_t credit) {
  std::uint8_t payload[4];
  store_be32(payload, credit);
  send(id, {FrameType::credit, kCreditClass, 4, label}, payload);
}

void Switchboard::reset_other(const FlowEnd& end, FlowReason reason) {
  Link* other = find(end.other_link);
  if (other == nullptr || other->flows.find(end.other_label) == nullptr) return;
  other->flows.erase(end.other_label);
  send_reason(end.other_link, FrameType::reset, end.traffic_class, end.other_label, reason);
}

void Switchboard::relay(LinkId from, std::uint32_t label, FlowEnd& end,
                        const wire::FrameView& frame) {
  Link& in = *find(from);
  Link* out = find(end.other_link);
  FlowEnd* other = out != nullptr ? out->flows.find(end.other_label) : nullptr;
  if (other == nullptr) {
    in.flows.erase(label);
    send_reason(from, FrameType::reset, end.traffic_class, label, FlowReason::peer_lost);
    return;
  }
  bool legal = true;
  bool ends = false;
  switch (frame.header.type) {
    case FrameType::data:
      // A sealed record is never shorter than its tag, and only its content counts.
      legal =
          frame.payload.size() > wire::kSealOverhead && !end.fin_received &&
          end.window.spend(static_cast<std::uint32_t>(frame.payload.size() - wire::kSealOverhead));
      break;
    case FrameType::credit: {
      const auto credit = wire::decode_credit(frame.payload);
      legal = credit && other->window.grant(*credit);
      break;
    }
    case FrameType::fin:
      legal = !end.fin_received;
      end.fin_received = true;
      ends = other->fin_received;
      break;
    case FrameType::reset:
    case FrameType::flow_refuse:
      legal = wire::decode_reason(frame.payload).has_value();
      ends = true;
      break;
    case FrameType::flow_accept: break;
    default: legal = false;
  }
  if (!legal) {
    const FlowEnd copy = end;
    in.flows.erase(label);
    count(FlowReason::flow_control);
    send_reason(from, FrameType::reset, copy.traffic_class, label, FlowReason::flow_control);
    return reset_other(copy, FlowReason::flow_control);
  }
  // The frame goes on as it lies, under the next hop's label and the class the flow was opened
  // with.
  const auto c = frame.header.type == FrameType::credit ? kCreditClass : end.traffic_class;
  wire::readdress(frame.whole, c, end.other_label);
  out->queue.append(c, frame.whole);
  out->bytes_out += frame.whole.size();
  port_.flush(end.other_link);
  if (ends) {
    out->flows.erase(end.other_label);
    in.flows.erase(label);
  }
}

}  // namespace rap::router
