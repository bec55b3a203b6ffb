#include "wire/frames/route_message.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "wire/frames/frame.hpp"

namespace rap::wire {
namespace {

NodeId numbered_node(std::uint8_t n) {
  Uuid id{};
  id.fill(n);
  return NodeId(id);
}

RouteUpdate sample_update() {
  RouteUpdate update;
  update.destination = numbered_node(0x11);
  update.origin.number = {0x0102030405060708, 0x0a0b0c0d};
  update.origin.signature.fill(0x22);
  update.metrics = {0x1000, kUnreachable};
  update.hops = 3;
  update.policy_version = 9;
  return update;
}

RouteMessage sample_message() {
  RouteOrigin known{{1, 2}, {}};
  known.signature.fill(0x44);
  return {{sample_update()}, {{numbered_node(0x33), known, 5}}};
}

constexpr std::size_t kUpdateAt = RouteMessage::kHeader;
constexpr std::size_t kSeqnoAt = kUpdateAt + kUuidBytes + 8;
constexpr std::size_t kGroupsAt = kSeqnoAt + 4 + kOriginSignature;
constexpr std::size_t kHopsAt = kGroupsAt + 1;
constexpr std::size_t kMetricsAt = kHopsAt + 1;

TEST(RouteMessage, HasTheseGoldenBytes) {
  const std::string origin = std::string(128, '2');
  const std::string known = std::string(128, '4');
  EXPECT_EQ(to_hex(sample_message().encode()),
            "0101"
            "11111111111111111111111111111111"
            "0102030405060708"
            "0a0b0c0d" +
                origin +
                "03"
                "03"
                "00001000"
                "ffffffff"
                "0000000000000009"
                "33333333333333333333333333333333"
                "0000000000000001"
                "00000002" +
                known + "05");
}

TEST(RouteMessage, WhatADestinationSignsHasTheseGoldenBytes) {
  Uuid cluster{};
  cluster.fill(0xcc);
  EXPECT_EQ(to_hex(origin_statement(ClusterId(cluster), numbered_node(0x11), {1, 2})),
            to_hex(as_bytes("rap route origin v1")) +
                "cccccccccccccccccccccccccccccccc"
                "11111111111111111111111111111111"
                "00000002"
                "0000000000000001");
}

TEST(RouteMessage, RoundTripsAndRefusesEveryOtherLength) {
  const RouteMessage message = sample_message();
  const Bytes encoded = message.encode();
  EXPECT_EQ(RouteMessage::decode(encoded), message);
  for (std::size_t n = 0; n < encoded.size(); ++n) {
    EXPECT_FALSE(RouteMessage::decode(ByteView(encoded).first(n))) << n;
  }
  Bytes longer = encoded;
  longer.push_back(0);
  EXPECT_FALSE(RouteMessage::decode(longer));
}

TEST(RouteMessage, IsFullAtItsBoundsAndFitsAFrame) {
  RouteMessage message;
  message.updates.assign(RouteMessage::kMaxUpdates, sample_update());
  message.requests.assign(RouteMessage::kMaxRequests, sample_message().requests[0]);
  const Bytes encoded = message.encode();
  EXPECT_EQ(encoded.size(), RouteMessage::kMaxBytes);
  EXPECT_LE(encoded.size(), kMaxPayload);
  EXPECT_EQ(RouteMessage::decode(encoded), message);
}

TEST(RouteMessage, WithOneEntryTooManyIsRefused) {
  RouteMessage message;
  message.updates.assign(RouteMessage::kMaxUpdates + 1, sample_update());
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
  message.updates.clear();
  EXPECT_FALSE(RouteMessage::decode(message.encode())) << "and one that says nothing";
  message.requests.assign(RouteMessage::kMaxRequests + 1, sample_message().requests[0]);
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
}

// Changes one byte of the sample.
bool is_refused_with(std::size_t at, std::uint8_t value) {
  Bytes encoded = sample_message().encode();
  encoded[at] = value;
  return !RouteMessage::decode(encoded);
}

TEST(RouteMessage, RefusesGroupsThatThereAreNot) {
  EXPECT_TRUE(is_refused_with(kGroupsAt, 0));
  EXPECT_TRUE(is_refused_with(kGroupsAt, 4));
  EXPECT_TRUE(is_refused_with(kGroupsAt, 1)) << "a metric of a group that is not named";
}

TEST(RouteMessage, RefusesHopsThatDoNotAgreeWithTheMetric) {
  EXPECT_FALSE(is_refused_with(kHopsAt, kMaxRouteHops));
  EXPECT_TRUE(is_refused_with(kHopsAt, kMaxRouteHops + 1));
  EXPECT_TRUE(is_refused_with(kHopsAt, 0)) << "the destination has no way to itself";
  EXPECT_TRUE(is_refused_with(kMetricsAt + 2, 0)) << "nobody else is at no distance";
}

TEST(RouteMessage, RefusesARetractionThatSaysMore) {
  RouteMessage message;
  message.updates.emplace_back();
  RouteUpdate& update = message.updates[0];
  update.destination = numbered_node(1);
  update.metrics = {kUnreachable, std::nullopt};
  EXPECT_EQ(RouteMessage::decode(message.encode()), message);
  update.hops = 1;
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
  update.hops = 0;
  update.origin.number.seqno = 1;
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
}

TEST(RouteMessage, RefusesTheNumberZeroAndTheNilDestination) {
  RouteMessage message = sample_message();
  message.updates[0].origin.number.seqno = 0;
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
  message = sample_message();
  message.updates[0].destination = NodeId{};
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
  message = sample_message();
  message.requests[0].known.number.seqno = 0;
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
  message = sample_message();
  message.requests[0].hop_limit = 0;
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
  message.requests[0].hop_limit = kMaxRouteHops + 1;
  EXPECT_FALSE(RouteMessage::decode(message.encode()));
}

TEST(RouteMessage, AnyBytesEitherDecodeToWhatEncodesAgainOrAreRefused) {
  SeededRandom rng{11};
  const Bytes sample = sample_message().encode();
  int decoded = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = sample;
    bytes[rng.below(bytes.size())] = static_cast<std::uint8_t>(rng.below(256));
    const auto message = RouteMessage::decode(bytes);
    if (!message) continue;
    ++decoded;
    ASSERT_EQ(to_hex(message->encode()), to_hex(bytes));
  }
  EXPECT_GT(decoded, 100);
}

TEST(RouteMessage, EveryClassBelongsToTheGroupOfItsLane) {
  EXPECT_EQ(group_of(TrafficClass::input), ClassGroup::interactive);
  EXPECT_EQ(group_of(TrafficClass::file_transfer), ClassGroup::bulk);
  EXPECT_EQ(group_of(TrafficClass::telemetry), ClassGroup::bulk);
}

}  // namespace
}  // namespace rap::wire
