// What two nodes tell each other of routes (RO-3), the payload of a route frame: updates of a
// distance vector in the manner of Babel (RFC 8966), and requests for a newer sequence number.
// docs/protocol/routes.md has the layout.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "wire/frames/channel_frames.hpp"
#include "wire/traffic_class.hpp"

namespace rap::wire {

// Routes are chosen by one metric for the classes of the interactive lane, and by another for those
// of the bulk lane.
enum class ClassGroup : std::uint8_t { interactive = 0, bulk = 1 };
inline constexpr std::size_t kClassGroups = 2;
inline constexpr std::array<ClassGroup, kClassGroups> kAllClassGroups = {ClassGroup::interactive,
                                                                         ClassGroup::bulk};
constexpr std::string_view to_string(ClassGroup group) {
  return group == ClassGroup::interactive ? "interactive" : "bulk";
}
constexpr ClassGroup group_of(TrafficClass c) {
  return lane_of(c) == LaneKind::bulk ? ClassGroup::bulk : ClassGroup::interactive;
}

using RouteMetric = std::uint32_t;
inline constexpr RouteMetric kUnreachable = 0xffff'ffff;
inline constexpr std::uint8_t kMaxRouteHops = 32;

// The place of a route in the history of its destination: the epoch is greater after each of its
// starts, the sequence number counts within one.
struct OriginNumber {
  std::uint64_t epoch = 0;
  std::uint32_t seqno = 0;
  auto operator<=>(const OriginNumber&) const = default;
};

inline constexpr std::size_t kOriginSignature = 64;  // Ed25519, or ECDSA P-256 as r||s

struct RouteOrigin {
  OriginNumber number;
  std::array<std::uint8_t, kOriginSignature> signature{};  // by the destination's node key
  bool operator==(const RouteOrigin&) const = default;
};

// What the destination signs.
Bytes origin_statement(const ClusterId& cluster, const NodeId& destination, OriginNumber number);

struct RouteUpdate {
  // The bytes of one on the wire.
  static constexpr std::size_t kBytes =
      kUuidBytes + 8 + 4 + kOriginSignature + 1 + 1 + 4 * kClassGroups + 8;

  NodeId destination;
  RouteOrigin origin;  // all zero when no metric is finite
  // The sender's metric to the destination; none: the update says nothing of that group.
  std::array<std::optional<RouteMetric>, kClassGroups> metrics;
  std::uint8_t hops = 0;  // from the sender to the destination; 0: the sender is it
  std::uint64_t policy_version = 0;  // the lowest of any node on the way

  bool reaches() const;  // a metric of it is finite
  bool operator==(const RouteUpdate&) const = default;
};

// "Tell me of something newer than this": answered by whoever has that, handed on towards the
// destination, which counts on when it has nothing newer itself.
struct SeqnoRequest {
  static constexpr std::size_t kBytes = kUuidBytes + 8 + 4 + kOriginSignature + 1;

  NodeId destination;
  RouteOrigin known;  // as the destination signed it, so that nobody makes it count for nothing
  std::uint8_t hop_limit = kMaxRouteHops;
  bool operator==(const SeqnoRequest&) const = default;
};

struct RouteMessage {
  static constexpr std::size_t kMaxUpdates = 112;
  static constexpr std::size_t kMaxRequests = 32;
  static constexpr std::size_t kHeader = 2;  // how many of each follow
  static constexpr std::size_t kMaxBytes =
      kHeader + kMaxUpdates * RouteUpdate::kBytes + kMaxRequests * SeqnoRequest::kBytes;

  std::vector<RouteUpdate> updates;
  std::vector<SeqnoRequest> requests;

  // There are at most kMaxUpdates and kMaxRequests, and one at least.
  Bytes encode() const;
  static std::optional<RouteMessage> decode(ByteView payload);
  bool operator==(const RouteMessage&) const = default;
};

}  // namespace rap::wire
