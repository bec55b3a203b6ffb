#include "wire/frames/frame.hpp"

#include "base/try.hpp"
#include "wire/frames/flow_frames.hpp"
#include "wire/frames/route_message.hpp"

namespace rap::wire {
namespace {

static_assert(RouteMessage::kMaxBytes <= kMaxPayload);

struct Shape {
  bool known = false;
  bool on_flow = false;
  std::size_t min = 0;
  std::size_t max = 0;
};

constexpr Shape sealed_of(std::size_t plain) {
  return {true, true, plain + kSealOverhead, plain + kSealOverhead};
}

// What each type may look like before anything reads its payload.
constexpr Shape shape_of(std::uint8_t type) {
  switch (static_cast<FrameType>(type)) {
    case FrameType::hello:
    case FrameType::heartbeat: return {true, false, 1, 512};
    case FrameType::heartbeat_ack: return {true, false, 16, 16};
    case FrameType::goodbye: return {true, false, 0, 1};
    case FrameType::reauthentication: return {true, false, 1, kMaxPayload};
    case FrameType::route: return {true, false, RouteMessage::kHeader, RouteMessage::kMaxBytes};
    case FrameType::flow_accept: return {true, true, 1, 512};
    case FrameType::flow_refuse: return {true, true, 1, 1};
    case FrameType::data: return {true, true, 1, kMaxPayload};
    case FrameType::credit: return {true, true, 4, 4};
    case FrameType::reset:
    case FrameType::pause: return {true, true, 1, 1};
    case FrameType::flow_request: return {true, true, FlowRequest::kMinBytes, kMaxPayload};
    case FrameType::flow_resume: return {true, true, FlowResume::kMinBytes, kMaxPayload};
    case FrameType::flow_attach: return {true, true, FlowOpen::kSealedOffset + 1, kMaxPayload};
    case FrameType::flow_confirm: return sealed_of(FlowConfirm::kBytes);
    case FrameType::flow_ack: return sealed_of(FlowPosition::kBytes);
    case FrameType::flow_end: return sealed_of(0);
    case FrameType::flow_close: return sealed_of(sizeof(ClosePayload));
  }
  return {};
}

}  // namespace

std::string_view to_string(FrameError error) {
  switch (error) {
    case FrameError::unknown_type: return "unknown_type";
    case FrameError::unknown_class: return "unknown_class";
    case FrameError::oversized: return "oversized";
    case FrameError::bad_length: return "bad_length";
    case FrameError::bad_label: return "bad_label";
  }
  return "";
}

void encode_header(const FrameHeader& h, std::uint8_t* out) {
  out[kTypeOffset] = static_cast<std::uint8_t>(h.type);
  out[kClassOffset] = static_cast<std::uint8_t>(h.traffic_class);
  out[kLengthOffset] = static_cast<std::uint8_t>(h.length >> 8);
  out[kLengthOffset + 1] = static_cast<std::uint8_t>(h.length);
  store_be32(out + kLabelOffset, h.label);
}

void readdress(MutableBytes frame, TrafficClass c, std::uint32_t label) {
  frame[kClassOffset] = static_cast<std::uint8_t>(c);
  store_be32(frame.data() + kLabelOffset, label);
}

std::expected<FrameHeader, FrameError> decode_header(const std::uint8_t* in) {
  const Shape shape = shape_of(in[kTypeOffset]);
  if (!shape.known) return std::unexpected(FrameError::unknown_type);
  const auto traffic_class = traffic_class_from(in[kClassOffset]);
  if (!traffic_class) return std::unexpected(FrameError::unknown_class);
  FrameHeader h{static_cast<FrameType>(in[kTypeOffset]), *traffic_class,
                static_cast<std::uint16_t>(in[kLengthOffset] << 8 | in[kLengthOffset + 1]),
                load_be32(in + kLabelOffset)};
  if (h.length > kMaxPayload) return std::unexpected(FrameError::oversized);
  if (h.length < shape.min || h.length > shape.max) return std::unexpected(FrameError::bad_length);
  if (shape.on_flow != (h.label != 0)) return std::unexpected(FrameError::bad_label);
  return h;
}

std::expected<std::optional<FrameView>, FrameError> next_frame(MutableBytes in) {
  if (in.size() < kFrameHeader) return std::nullopt;
  const auto header = RAP_TRY(decode_header(in.data()));
  const std::size_t total = kFrameHeader + header.length;
  if (in.size() < total) return std::nullopt;
  return FrameView{header, in.subspan(kFrameHeader, header.length), in.first(total)};
}

Bytes FlowOpen::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.raw(egress.bytes());
  w.u8(hop_limit);
  w.raw(sealed);
  return out;
}

std::optional<FlowOpen> FlowOpen::decode(ByteView payload) {
  ByteReader r(payload);
  FlowOpen open;
  open.egress = read_id<NodeId>(r);
  open.hop_limit = r.u8();
  open.sealed = r.rest();
  if (r.failed()) return std::nullopt;
  return open;
}

std::optional<FlowReason> decode_reason(ByteView payload) {
  ByteReader r(payload);
  const std::uint8_t reason = r.u8();
  return r.finished() ? flow_reason_from(reason) : std::nullopt;
}

CreditPayload encode_credit(std::uint32_t credit) {
  CreditPayload out;
  store_be32(out.data(), credit);
  return out;
}

std::optional<std::uint32_t> decode_credit(ByteView payload) {
  ByteReader r(payload);
  const std::uint32_t credit = r.u32();
  if (!r.finished() || credit == 0) return std::nullopt;
  return credit;
}

std::optional<bool> decode_pause(ByteView payload) {
  ByteReader r(payload);
  const std::uint8_t pause = r.u8();
  if (!r.finished() || pause > 1) return std::nullopt;
  return pause == 1;
}

}  // namespace rap::wire
