// The one frame of the fabric: client ↔ entry (inside binary WebSocket messages) and node ↔ node.
//
//    0        1        2                 4                                   8
//   +--------+--------+-----------------+-----------------------------------+
//   | type   | class  | payload length  | label                             |  payload …
//   +--------+--------+-----------------+-----------------------------------+
//
// All integers are big-endian. The label names a flow on this hop only, 0 is the channel itself.
// A frame with its header fits one TLS record, so a relay mostly reads and writes whole records.
// docs/protocol/frames.md describes each type.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "wire/flow_reason.hpp"
#include "wire/traffic_class.hpp"

namespace rap::wire {

inline constexpr std::size_t kFrameHeader = 8;
// Where the fields of the header lie.
inline constexpr std::size_t kTypeOffset = 0;
inline constexpr std::size_t kClassOffset = 1;
inline constexpr std::size_t kLengthOffset = 2;
inline constexpr std::size_t kLabelOffset = 4;
inline constexpr std::size_t kMaxFrame = 16 * 1024;
inline constexpr std::size_t kMaxPayload = kMaxFrame - kFrameHeader;
// The seal adds a tag to each record; data is cut so that both fit.
inline constexpr std::size_t kSealOverhead = 16;
inline constexpr std::size_t kMaxData = kMaxPayload - kSealOverhead;

enum class FrameType : std::uint8_t {
  hello = 0x01,          // channel: who I am and what I run (CH-4)
  heartbeat = 0x02,      // channel: liveness (CH-8)
  heartbeat_ack = 0x03,  // channel
  goodbye = 0x04,        // channel: the end, and why
  reauthentication = 0x05,        // channel: another certificate of the sender's
  route = 0x06,          // channel: updates of routes
  flow_accept = 0x12,    // the egress's sealed answer
  flow_refuse = 0x13,    // FlowReason
  data = 0x14,
  credit = 0x15,         // u32: further bytes the sender of this frame is ready to take
  reset = 0x17,          // FlowReason; the flow is gone
  pause = 0x18,          // node → node: 1, send none of the flow's data for now; 0, go on
  flow_request = 0x19,  // client → entry: a token, and a first message for the egress
  flow_resume = 0x1a,  // client → entry: a grant, its proof, and a first message for the egress
  flow_attach = 0x1b,  // node → node: what the entry judged, and the client's first message
  flow_confirm = 0x1c,  // client → egress, sealed: it takes this path, and begins here
  flow_ack = 0x1d,  // sealed: what has arrived
  flow_end = 0x1e,  // sealed and empty: no more data this way
  flow_close = 0x1f,  // sealed: the flow is over, and why
};

// Is it what a flow's two ends say to each other as often as they like? Whoever carries it bounds
// what waits of it; all others are answers, or come once for each flow.
constexpr bool is_record(FrameType type) {
  return type == FrameType::data || type == FrameType::flow_confirm ||
         type == FrameType::flow_ack || type == FrameType::flow_end;
}

enum class FrameError : std::uint8_t {
  unknown_type,
  unknown_class,
  oversized,  // payload length above kMaxPayload
  bad_length,  // a length this type cannot have
  bad_label,  // label 0 on a flow frame, or a label on a channel frame
};
std::string_view to_string(FrameError error);

struct FrameHeader {
  FrameType type = FrameType::data;
  TrafficClass traffic_class = TrafficClass::fabric_control;
  std::uint16_t length = 0;
  std::uint32_t label = 0;
  bool operator==(const FrameHeader&) const = default;
};

void encode_header(const FrameHeader& header, std::uint8_t* out);  // kFrameHeader bytes
// `in` has at least kFrameHeader bytes.
std::expected<FrameHeader, FrameError> decode_header(const std::uint8_t* in);

// The size, type and label of a whole frame that was encoded here.
inline std::size_t frame_size(const std::uint8_t* frame) {
  return kFrameHeader + load_be16(frame + kLengthOffset);
}
inline FrameType frame_type(const std::uint8_t* frame) {
  return static_cast<FrameType>(frame[kTypeOffset]);
}
inline std::uint32_t frame_label(const std::uint8_t* frame) {
  return load_be32(frame + kLabelOffset);
}

// Gives a whole frame, where it lies, the class and the label it has on the next hop.
void readdress(MutableBytes frame, TrafficClass c, std::uint32_t label);

// The first frame of `in`: its header and payload, std::nullopt when more bytes are needed.
struct FrameView {
  FrameHeader header;
  MutableBytes payload;
  MutableBytes whole;  // header and payload
};
std::expected<std::optional<FrameView>, FrameError> next_frame(MutableBytes in);

// --- payloads ------------------------------------------------------------------------------------

struct FlowOpen {
  static constexpr std::uint8_t kMaxHops = 8;
  // Where the fields lie in the payload.
  static constexpr std::size_t kHopLimitOffset = kUuidBytes;
  static constexpr std::size_t kSealedOffset = kHopLimitOffset + 1;
  NodeId egress;
  std::uint8_t hop_limit = kMaxHops;
  ByteView sealed;  // into the decoded payload

  Bytes encode() const;
  static std::optional<FlowOpen> decode(ByteView payload);
};

// Why a flow was refused, or is gone.
using ReasonPayload = std::array<std::uint8_t, 1>;
constexpr ReasonPayload encode_reason(FlowReason reason) {
  return {static_cast<std::uint8_t>(reason)};
}
std::optional<FlowReason> decode_reason(ByteView payload);

using CreditPayload = std::array<std::uint8_t, sizeof(std::uint32_t)>;
CreditPayload encode_credit(std::uint32_t credit);
std::optional<std::uint32_t> decode_credit(ByteView payload);  // never 0

using PausePayload = std::array<std::uint8_t, 1>;
constexpr PausePayload encode_pause(bool pause) {
  return {static_cast<std::uint8_t>(pause ? 1 : 0)};
}
std::optional<bool> decode_pause(ByteView payload);  // false: go on

}  // namespace rap::wire
