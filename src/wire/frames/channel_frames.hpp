// The payloads of a channel's own frames: hello (CH-4), heartbeats (CH-8) and goodbye.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "wire/traffic_class.hpp"

namespace rap::wire {

inline constexpr std::uint16_t kProtocolVersion = 2;

// A channel owns two connections, so that a lost segment of bulk data never holds up a keystroke.
enum class LaneKind : std::uint8_t {
  interactive = 0,  // carries the channel's own frames; the channel lives and dies with it
  bulk = 1,         // joins an established channel, and may be lost and come back
};
inline constexpr std::size_t kLaneCount = 2;
constexpr std::string_view to_string(LaneKind lane) {
  return lane == LaneKind::interactive ? "interactive" : "bulk";
}
// Where the flows of a class go while both lanes are there.
constexpr LaneKind lane_of(TrafficClass c) {
  switch (c) {
    case TrafficClass::telemetry:
    case TrafficClass::file_transfer:
    case TrafficClass::storage_fetch:
    case TrafficClass::update_fetch: return LaneKind::bulk;
    default: return LaneKind::interactive;
  }
}

// Those of `classes` that may go over this lane: the interactive one stands in for the bulk one
// while that is away.
constexpr TrafficClassSet classes_of(LaneKind lane, TrafficClassSet classes) {
  if (lane == LaneKind::interactive) return classes;
  TrafficClassSet bulk;
  for (std::size_t i = 0; i < kTrafficClassCount; ++i) {
    const auto c = static_cast<TrafficClass>(i);
    if (lane_of(c) == LaneKind::bulk) bulk.add(c);
  }
  return classes.intersect(bulk);
}

struct Hello {
  std::uint16_t protocol_version = kProtocolVersion;
  ClusterId cluster;
  NodeId node;
  ChannelId channel;  // chosen by the dialler, repeated by the listener
  LaneKind lane = LaneKind::interactive;
  TrafficClassSet classes;  // what the sender would carry here
  std::uint32_t transport_features = 0;  // none defined yet; unknown bits are ignored
  std::uint64_t config_version = 0;
  std::uint64_t peer_directory_version = 0;
  std::uint64_t trust_bundle_version = 0;
  std::uint64_t route_epoch = 0;
  bool draining = false;
  bool degraded = false;  // the sender goes on without the control plane

  Bytes encode() const;
  static std::optional<Hello> decode(ByteView payload);
  bool operator==(const Hello&) const = default;
};

struct Heartbeat {
  enum class Health : std::uint8_t { ok = 0, degraded = 1, failing = 2 };

  ChannelId channel;
  NodeId from;
  NodeId to;
  std::uint64_t sequence = 0;
  std::uint64_t timestamp_us = 0;  // the sender's monotonic clock; means something to it alone
  std::uint32_t latency_us = 0;    // smoothed round trip as the sender sees it, 0 unknown
  std::uint32_t jitter_us = 0;
  std::uint16_t loss_permille = 0;  // heartbeats of the sender that went unanswered
  Health health = Health::ok;
  bool draining = false;
  std::uint64_t config_version = 0;
  std::uint64_t route_epoch = 0;

  Bytes encode() const;
  static std::optional<Heartbeat> decode(ByteView payload);
  bool operator==(const Heartbeat&) const = default;
};

struct HeartbeatAck {
  std::uint64_t sequence = 0;
  std::uint64_t timestamp_us = 0;  // echoed

  Bytes encode() const;
  static std::optional<HeartbeatAck> decode(ByteView payload);
  bool operator==(const HeartbeatAck&) const = default;
};

// Why the sender ends the channel: 0 for an orderly end, else a channel::FailureReason. An empty
// payload is an orderly end too.
struct Goodbye {
  std::uint8_t reason = 0;

  Bytes encode() const { return {reason}; }
  static std::optional<Goodbye> decode(ByteView payload);
  bool operator==(const Goodbye&) const = default;
};

}  // namespace rap::wire
