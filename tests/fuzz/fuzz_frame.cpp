// The frame codec: whatever is accepted encodes to the bytes it came from.

#include <algorithm>

#include "fuzz.hpp"
#include "wire/frames/channel_frames.hpp"
#include "wire/frames/flow_frames.hpp"
#include "wire/frames/frame.hpp"
#include "wire/frames/reauthentication.hpp"
#include "wire/frames/route_message.hpp"

namespace {

using namespace rap;
using fuzz::require;

template <class Payload>
void check_round_trip(ByteView payload) {
  const auto decoded = Payload::decode(payload);
  if (decoded) require(std::ranges::equal(decoded->encode(), payload));
}

void check_payload(const wire::FrameView& frame) {
  const ByteView payload = frame.payload;
  const ByteView plain =
      payload.first(payload.size() - std::min(payload.size(), wire::kSealOverhead));
  switch (frame.header.type) {
    case wire::FrameType::hello: return check_round_trip<wire::Hello>(payload);
    case wire::FrameType::heartbeat: return check_round_trip<wire::Heartbeat>(payload);
    case wire::FrameType::heartbeat_ack: return check_round_trip<wire::HeartbeatAck>(payload);
    case wire::FrameType::reauthentication:
      return check_round_trip<wire::Reauthentication>(payload);
    case wire::FrameType::route: return check_round_trip<wire::RouteMessage>(payload);
    case wire::FrameType::flow_refuse:
    case wire::FrameType::reset: {
      const auto reason = wire::decode_reason(payload);
      if (reason) require(static_cast<std::uint8_t>(*reason) == payload[0]);
      return;
    }
    case wire::FrameType::credit: require(wire::decode_credit(payload) != 0U); return;
    case wire::FrameType::pause: {
      const auto pause = wire::decode_pause(payload);
      if (pause) require(*pause == (payload[0] != 0));
      return;
    }
    case wire::FrameType::flow_request: return check_round_trip<wire::FlowRequest>(payload);
    case wire::FrameType::flow_resume: return check_round_trip<wire::FlowResume>(payload);
    case wire::FrameType::flow_attach: return check_round_trip<wire::FlowOpen>(payload);
    // What is sealed in a flow, as its egress opens it.
    case wire::FrameType::flow_confirm: return check_round_trip<wire::FlowConfirm>(plain);
    case wire::FrameType::flow_ack: return check_round_trip<wire::FlowPosition>(plain);
    case wire::FrameType::flow_close: {
      const auto close = wire::decode_close(plain);
      if (close) require(std::ranges::equal(wire::encode_close(*close), plain));
      return;
    }
    case wire::FrameType::flow_end: return;
    case wire::FrameType::data:
      check_round_trip<wire::FirstMessage>(payload);
      return check_round_trip<wire::FlowAnswer>(payload);
    case wire::FrameType::flow_accept:
    case wire::FrameType::goodbye: return;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input(data, data + size);
  MutableBytes rest(input);
  while (true) {
    const auto next = wire::next_frame(rest);
    if (!next || !*next) return 0;
    const wire::FrameView& frame = **next;
    require(frame.header.length <= wire::kMaxPayload);
    require(frame.whole.size() == wire::kFrameHeader + frame.header.length);
    std::uint8_t header[wire::kFrameHeader];
    wire::encode_header(frame.header, header);
    require(std::equal(header, header + wire::kFrameHeader, frame.whole.begin()));
    check_payload(frame);
    rest = rest.subspan(frame.whole.size());
  }
}
