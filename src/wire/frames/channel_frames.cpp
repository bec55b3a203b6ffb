#include "wire/frames/channel_frames.hpp"

#include <algorithm>

namespace rap::wire {
namespace {

// The flags of a hello.
constexpr unsigned kDraining = 1;
constexpr unsigned kDegraded = 2;

}  // namespace

Bytes Hello::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.u16(protocol_version);
  w.raw(cluster.bytes());
  w.raw(node.bytes());
  w.raw(channel.bytes());
  w.u8(static_cast<std::uint8_t>(lane));
  w.u16(classes.bits());
  w.u32(transport_features);
  w.u64(config_version);
  w.u64(peer_directory_version);
  w.u64(trust_bundle_version);
  w.u64(route_epoch);
  w.u8(static_cast<std::uint8_t>((draining ? kDraining : 0) | (degraded ? kDegraded : 0)));
  return out;
}

std::optional<Hello> Hello::decode(ByteView payload) {
  ByteReader r(payload);
  Hello h;
  h.protocol_version = r.u16();
  h.cluster = read_id<ClusterId>(r);
  h.node = read_id<NodeId>(r);
  h.channel = read_id<ChannelId>(r);
  const std::uint8_t lane = r.u8();
  const auto classes = TrafficClassSet::from_bits(r.u16());
  h.transport_features = r.u32();
  h.config_version = r.u64();
  h.peer_directory_version = r.u64();
  h.trust_bundle_version = r.u64();
  h.route_epoch = r.u64();
  const std::uint8_t flags = r.u8();
  if (!r.finished() || !classes || (flags & ~(kDraining | kDegraded)) != 0 || lane >= kLaneCount)
    return std::nullopt;
  h.lane = static_cast<LaneKind>(lane);
  h.classes = *classes;
  h.draining = (flags & kDraining) != 0;
  h.degraded = (flags & kDegraded) != 0;
  return h;
}

Bytes Heartbeat::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.raw(channel.bytes());
  w.raw(from.bytes());
  w.raw(to.bytes());
  w.u64(sequence);
  w.u64(timestamp_us);
  w.u32(latency_us);
  w.u32(jitter_us);
  w.u16(loss_permille);
  w.u8(static_cast<std::uint8_t>(health));
  w.u8(draining ? 1 : 0);
  w.u64(config_version);
  w.u64(route_epoch);
  return out;
}

std::optional<Heartbeat> Heartbeat::decode(ByteView payload) {
  ByteReader r(payload);
  Heartbeat h;
  h.channel = read_id<ChannelId>(r);
  h.from = read_id<NodeId>(r);
  h.to = read_id<NodeId>(r);
  h.sequence = r.u64();
  h.timestamp_us = r.u64();
  h.latency_us = r.u32();
  h.jitter_us = r.u32();
  h.loss_permille = r.u16();
  const std::uint8_t health = r.u8();
  const std::uint8_t flags = r.u8();
  h.config_version = r.u64();
  h.route_epoch = r.u64();
  if (!r.finished() || health > 2 || flags > 1 || h.loss_permille > 1000) return std::nullopt;
  h.health = static_cast<Health>(health);
  h.draining = flags == 1;
  return h;
}

Bytes HeartbeatAck::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.u64(sequence);
  w.u64(timestamp_us);
  return out;
}

std::optional<HeartbeatAck> HeartbeatAck::decode(ByteView payload) {
  ByteReader r(payload);
  HeartbeatAck a{r.u64(), r.u64()};
  if (!r.finished()) return std::nullopt;
  return a;
}

std::optional<Goodbye> Goodbye::decode(ByteView payload) {
  if (payload.size() > 1) return std::nullopt;
  return Goodbye{payload.empty() ? std::uint8_t{0} : payload[0]};
}

}  // namespace rap::wire
