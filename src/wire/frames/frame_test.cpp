#include "wire/frames/frame.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "wire/frames/channel_frames.hpp"

namespace rap::wire {
namespace {

Bytes hex(std::string_view s) { return *from_hex(s); }

FrameError error_of(Bytes frame) {
  const auto r = next_frame(frame);
  EXPECT_FALSE(r);
  return r ? FrameError{} : r.error();
}

TEST(Frame, HasTheseGoldenBytes) {
  std::uint8_t out[kFrameHeader];
  encode_header({FrameType::data, TrafficClass::file_transfer, 0x0102, 0xa1b2c3d4}, out);
  EXPECT_EQ(to_hex(out), "14070102a1b2c3d4");
  encode_header({FrameType::flow_request, TrafficClass::input, 5, 1}, out);
  EXPECT_EQ(to_hex(out), "1905000500000001");
}

TEST(Frame, AsksForMoreUntilItIsWhole) {
  Bytes frame = hex("1405000300000001616263");
  for (std::size_t n = 0; n < frame.size(); ++n) {
    const auto r = next_frame(MutableBytes(frame).first(n));
    ASSERT_TRUE(r);
    EXPECT_FALSE(*r) << n;
  }
  frame.push_back(0xff);  // of the next frame
  const auto r = next_frame(frame);
  ASSERT_TRUE(r && *r);
  EXPECT_EQ(as_text((*r)->payload), "abc");
  EXPECT_EQ((*r)->whole.size(), frame.size() - 1);
}

TEST(Frame, UnknownTypesAndClassesAreRefusedByTheirHeader) {
  EXPECT_EQ(error_of(hex("0005000000000001")), FrameError::unknown_type);
  EXPECT_EQ(error_of(hex("2005000000000001")), FrameError::unknown_type);
  EXPECT_EQ(error_of(hex("ff05000000000001")), FrameError::unknown_type);
  EXPECT_EQ(error_of(hex("140b000100000001")), FrameError::unknown_class);
}

TEST(Frame, ALengthIsTakenAtTheLimitAndRefusedJustPastIt) {
  Bytes frame = hex("14053ff800000001");
  EXPECT_TRUE(next_frame(frame)) << "16,376 bytes of payload make a frame of 16 KiB";
  EXPECT_EQ(error_of(hex("14053ff900000001")), FrameError::oversized);
  EXPECT_EQ(error_of(hex("1405ffff00000001")), FrameError::oversized);
}

TEST(Frame, ALengthThatItsTypeCannotHaveIsRefused) {
  EXPECT_EQ(error_of(hex("1405000000000001")), FrameError::bad_length) << "empty data";
  EXPECT_EQ(error_of(hex("1505000300000001")), FrameError::bad_length) << "short credit";
  EXPECT_EQ(error_of(hex("1705000200000001")), FrameError::bad_length) << "long reset";
  EXPECT_EQ(error_of(hex("1e05001100000001")), FrameError::bad_length) << "long flow_end";
}

TEST(Frame, OnlyFlowFramesCarryALabel) {
  EXPECT_EQ(error_of(hex("1405000100000000")), FrameError::bad_label);
  EXPECT_EQ(error_of(hex("0400000000000001")), FrameError::bad_label);
  Bytes goodbye = hex("0400000000000000");
  EXPECT_TRUE(next_frame(goodbye));
}

TEST(Frame, AnyBytesEitherDecodeToWhatEncodesAgainOrAreRefused) {
  SeededRandom rng{3};
  int decoded = 0;
  for (int i = 0; i < 200000; ++i) {
    Bytes b = rng.bytes(kFrameHeader);
    if (i % 2 == 0) b[0] = static_cast<std::uint8_t>(0x10 + rng.u64() % 8);
    if (i % 4 == 0) b[2] = 0;
    const auto h = decode_header(b.data());
    if (!h) continue;
    ++decoded;
    std::uint8_t again[kFrameHeader];
    encode_header(*h, again);
    ASSERT_EQ(to_hex(again), to_hex(b));
  }
  EXPECT_GT(decoded, 100);
}

TEST(FlowOpen, RoundTripsAndRefusesWhatIsTooShort) {
  SeededRandom rng{4};
  const Bytes sealed = rng.bytes(100);
  const FlowOpen open{NodeId::random(rng), 5, sealed};
  const Bytes payload = open.encode();
  const auto back = FlowOpen::decode(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->egress, open.egress);
  EXPECT_EQ(back->hop_limit, 5);
  EXPECT_EQ(to_bytes(back->sealed), sealed);
  EXPECT_FALSE(FlowOpen::decode(ByteView(payload).first(16)));
}

TEST(FlowReason, OnlyTheClosedSetDecodes) {
  EXPECT_EQ(decode_reason(hex("01")), FlowReason::protocol_error);
  EXPECT_EQ(decode_reason(hex("18")), FlowReason::blocklisted);
  EXPECT_EQ(decode_reason(hex("21")), FlowReason::proof_invalid);
  EXPECT_FALSE(decode_reason(hex("00")));
  EXPECT_FALSE(decode_reason(hex("22")));
  EXPECT_FALSE(decode_reason({}));
  EXPECT_FALSE(decode_reason(hex("0101")));
  EXPECT_EQ(to_bytes(encode_reason(FlowReason::blocklisted)), hex("18"));
}

TEST(Credit, IsNeverZero) {
  EXPECT_EQ(decode_credit(hex("00000001")), 1U);
  EXPECT_FALSE(decode_credit(hex("00000000")));
  EXPECT_FALSE(decode_credit(hex("000001")));
  EXPECT_FALSE(decode_credit(hex("0000000100")));
  EXPECT_EQ(to_bytes(encode_credit(0x01020304)), hex("01020304"));
}

TEST(Pause, BeginsOrEnds) {
  EXPECT_EQ(decode_pause(hex("01")), true);
  EXPECT_EQ(decode_pause(hex("00")), false);
  EXPECT_FALSE(decode_pause(hex("02")));
  EXPECT_FALSE(decode_pause({}));
  EXPECT_EQ(to_bytes(encode_pause(true)), hex("01"));
  EXPECT_EQ(to_bytes(encode_pause(false)), hex("00"));
}

Hello sample_hello() {
  SeededRandom rng{5};
  Hello h;
  h.cluster = ClusterId::random(rng);
  h.node = NodeId::random(rng);
  h.channel = ChannelId::random(rng);
  h.lane = LaneKind::bulk;
  h.classes = {TrafficClass::input, TrafficClass::vpn_packet};
  h.config_version = 7;
  h.peer_directory_version = 8;
  h.trust_bundle_version = 9;
  h.route_epoch = 10;
  h.draining = true;
  return h;
}

TEST(Hello, RoundTripsEveryField) {
  EXPECT_EQ(Hello::decode(sample_hello().encode()), sample_hello());
  EXPECT_EQ(sample_hello().encode().back(), 1U);
  Hello cut_off = sample_hello();
  cut_off.degraded = true;
  EXPECT_EQ(Hello::decode(cut_off.encode()), cut_off);
  EXPECT_EQ(cut_off.encode().back(), 3U);
}

TEST(Hello, RefusesUnknownClassesFlagsAndLengths) {
  Bytes b = sample_hello().encode();
  Bytes bad = b;
  bad[51] = 0xff;
  EXPECT_FALSE(Hello::decode(bad)) << "a class past the last";
  bad = b;
  bad[50] = 2;
  EXPECT_FALSE(Hello::decode(bad)) << "a lane past the last";
  bad = b;
  bad.back() = 4;
  EXPECT_FALSE(Hello::decode(bad)) << "an unknown flag";
  bad = b;
  bad.push_back(0);
  EXPECT_FALSE(Hello::decode(bad)) << "a byte too many";
  for (std::size_t n = 0; n < b.size(); ++n) EXPECT_FALSE(Hello::decode(ByteView(b).first(n)));
}

TEST(Heartbeat, RoundTripsEveryFieldAndRefusesNonsense) {
  SeededRandom rng{6};
  Heartbeat h{ChannelId::random(rng),
              NodeId::random(rng),
              NodeId::random(rng),
              1,
              2,
              3,
              4,
              1000,
              Heartbeat::Health::degraded,
              true,
              5,
              6};
  Bytes b = h.encode();
  EXPECT_EQ(Heartbeat::decode(b), h);
  for (std::size_t n = 0; n < b.size(); ++n) EXPECT_FALSE(Heartbeat::decode(ByteView(b).first(n)));
  h.loss_permille = 1001;
  EXPECT_FALSE(Heartbeat::decode(h.encode()));
  const HeartbeatAck ack{11, 12};
  EXPECT_EQ(HeartbeatAck::decode(ack.encode()), ack);
  EXPECT_FALSE(HeartbeatAck::decode(ByteView(ack.encode()).first(15)));
}

TEST(TrafficClasses, AreExactlyTheNamedOnes) {
  for (std::size_t i = 0; i < kTrafficClassCount; ++i) {
    EXPECT_EQ(traffic_class_from(kTrafficClassNames[i]), static_cast<TrafficClass>(i));
  }
  EXPECT_FALSE(traffic_class_from("bulk"));
  EXPECT_FALSE(traffic_class_from(std::uint8_t{11}));
  EXPECT_FALSE(TrafficClassSet::from_bits(1U << 11));
}

TEST(Frame, IsReaddressedForTheNextHopWhereItLies) {
  Bytes frame(kFrameHeader + 3, 0xaa);
  encode_header({FrameType::data, TrafficClass::render, 3, 7}, frame.data());
  readdress(frame, TrafficClass::input, 0x01020304);
  const auto next = next_frame(frame);
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->header, (FrameHeader{FrameType::data, TrafficClass::input, 3, 0x01020304}));
  EXPECT_EQ((*next)->payload[0], 0xaa);
}

TEST(Frame, TheHopLimitOfAnOpenLiesWhereItsNameSays) {
  FlowOpen open;
  open.hop_limit = 5;
  const std::uint8_t sealed = 9;
  open.sealed = ByteView(&sealed, 1);
  Bytes payload = open.encode();
  EXPECT_EQ(payload[FlowOpen::kHopLimitOffset], 5);
  EXPECT_EQ(payload[FlowOpen::kSealedOffset], 9);
}

}  // namespace
}  // namespace rap::wire
