// The frames of flows, which are sealed from the client to the egress and outlive their paths
// (docs/protocol/flows.md has the layouts).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "wire/flow_reason.hpp"
#include "wire/frames/flow_position.hpp"
#include "wire/traffic_class.hpp"

namespace rap::wire {

// The name that an egress gives a flow: nobody between it and the client sees it.
using FlowId = Id<struct FlowTag>;

inline constexpr std::size_t kMaxCredential = std::size_t{4} * 1024;  // a token, or a grant
inline constexpr std::size_t kFlowProof = 64;  // an Ed25519 signature
// A first message is no longer: kind, class, flow id, attempt and credential, a key and two tags
// and the client's key (Noise IK).
inline constexpr std::size_t kMaxFirstMessage = 2 + kUuidBytes + 8 + kMaxCredential + 96;

// --- what the entry reads ------------------------------------------------------------------------

// A client's request for a new flow: what the entry judges, and what it hands on unread.
struct FlowRequest {
  static constexpr std::size_t kMinBytes = kUuidBytes + 2 + 1 + 1;
  NodeId egress;
  std::string_view token;  // both into the decoded payload
  ByteView first_message;

  Bytes encode() const;
  static std::optional<FlowRequest> decode(ByteView payload);
};

// A client's request for another path of a flow that there is.
struct FlowResume {
  static constexpr std::size_t kMinBytes = kUuidBytes + kFlowProof + 2 + 1 + 1;
  NodeId egress;
  std::array<std::uint8_t, kFlowProof> proof{};  // with the key that the grant names
  std::string_view grant;  // both into the decoded payload
  ByteView first_message;

  Bytes encode() const;
  static std::optional<FlowResume> decode(ByteView payload);
};

// --- what an entry tells an egress ---------------------------------------------------------------

// What comes after egress and hop limit in flow_attach: which right the entry judged, so that what
// the client sealed for the egress is the same.
struct AttachedMessage {
  static constexpr std::size_t kHash = 32;
  static constexpr std::size_t kOverhead = 1 + kHash;
  bool resumes = false;
  std::array<std::uint8_t, kHash> credential{};  // SHA-256 of the token, or the grant
  ByteView first_message;  // into the decoded bytes

  Bytes encode() const;
  static std::optional<AttachedMessage> decode(ByteView bytes);
};

// --- what only the two ends read -----------------------------------------------------------------

// What the client's first message has for the egress: the class of the flow, so that no node
// between changes it, and the client's right to it.
struct FirstMessage {
  TrafficClass traffic_class = TrafficClass::input;
  std::optional<FlowId> resumes;  // nullopt: a new flow
  std::string_view credential;  // a token for a new flow, a grant for one that goes on
  // With which request for a path of the flow this is: from 1 on, and each has a higher one. A
  // message that somebody recorded and plays again is known by it.
  std::uint64_t attempt = 0;

  Bytes encode() const;
  static std::optional<FirstMessage> decode(ByteView bytes);
};

// What the egress's answer has for the client.
struct FlowAnswer {
  FlowId flow;
  FlowPosition position;

  Bytes encode() const;
  static std::optional<FlowAnswer> decode(ByteView bytes);
  bool operator==(const FlowAnswer&) const = default;
};

// The client's first record on a path for a flow that goes on: only now does the egress give up the
// path before, because only now has the client proven that it is there.
struct FlowConfirm {
  static constexpr std::size_t kBytes = FlowPosition::kBytes + 8;
  FlowPosition position;
  std::uint64_t begins = 0;  // the first byte that it sends on this path

  std::array<std::uint8_t, kBytes> encode() const;
  static std::optional<FlowConfirm> decode(ByteView bytes);
  bool operator==(const FlowConfirm&) const = default;
};

// nullopt: all is done, both ways.
using FlowEnding = std::optional<FlowReason>;
using ClosePayload = std::array<std::uint8_t, 1>;
constexpr ClosePayload encode_close(FlowEnding ending) {
  return {ending ? static_cast<std::uint8_t>(*ending) : std::uint8_t{0}};
}
struct NoClose {};
std::expected<FlowEnding, NoClose> decode_close(ByteView payload);

}  // namespace rap::wire
