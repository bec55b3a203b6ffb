#include "wire/frames/flow_frames.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/encoding.hpp"
#include "wire/frames/frame.hpp"

namespace rap::wire {
namespace {

template <class SomeId>
SomeId filled(std::uint8_t byte) {
  Uuid id;
  id.fill(byte);
  return SomeId(id);
}

const Bytes kFirst = {0xaa, 0xbb, 0xcc};
const std::string kEgressHex = std::string(32, '1');

TEST(FlowFrames, ARequestHasTheseGoldenBytes) {
  const FlowRequest request{filled<NodeId>(0x11), "tok", kFirst};
  EXPECT_EQ(to_hex(request.encode()), kEgressHex +
                                          "0003"
                                          "746f6b"
                                          "aabbcc");
  const Bytes payload = request.encode();
  const auto back = FlowRequest::decode(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->egress, request.egress);
  EXPECT_EQ(back->token, "tok");
  EXPECT_EQ(to_bytes(back->first_message), kFirst);
}

TEST(FlowFrames, AResumeHasTheseGoldenBytes) {
  FlowResume resume{filled<NodeId>(0x11), {}, "grant", kFirst};
  resume.proof.fill(0x22);
  EXPECT_EQ(to_hex(resume.encode()), kEgressHex + std::string(128, '2') +
                                         "0005"
                                         "6772616e74"
                                         "aabbcc");
  const Bytes payload = resume.encode();
  const auto back = FlowResume::decode(payload);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->grant, "grant");
  EXPECT_EQ(back->proof, resume.proof);
}

TEST(FlowFrames, AFirstMessageHasTheseGoldenBytes) {
  const FirstMessage opens{TrafficClass::input, std::nullopt, "tok"};
  EXPECT_EQ(to_hex(opens.encode()),
            "01"
            "05"
            "746f6b");
  const FirstMessage resumes{TrafficClass::file_transfer, filled<FlowId>(0x33), "grant",
                             0x0102'0304'0506'0708};
  EXPECT_EQ(to_hex(resumes.encode()),
            "02"
            "07" +
                std::string(32, '3') + "0102030405060708" + "6772616e74");
  const Bytes bytes = resumes.encode();
  const auto back = FirstMessage::decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->resumes, filled<FlowId>(0x33));
  EXPECT_EQ(back->credential, "grant");
  EXPECT_EQ(back->attempt, resumes.attempt);
}

TEST(FlowFrames, AnAnswerAConfirmationAndACloseHaveTheseGoldenBytes) {
  const FlowPosition position{.received = 1, .limit = 2, .finished = true};
  const std::string position_hex =
      "0000000000000001"
      "0000000000000002"
      "01";
  const FlowAnswer answer{filled<FlowId>(0x33), position};
  EXPECT_EQ(to_hex(answer.encode()), std::string(32, '3') + position_hex);
  EXPECT_EQ(FlowAnswer::decode(answer.encode()), answer);
  const FlowConfirm confirm{position, 0x0102'0304'0506'0708};
  EXPECT_EQ(to_hex(confirm.encode()), position_hex + "0102030405060708");
  EXPECT_EQ(FlowConfirm::decode(confirm.encode()), confirm);
  EXPECT_EQ(to_hex(encode_close(std::nullopt)), "00");
  EXPECT_EQ(to_hex(encode_close(FlowReason::superseded)), "20");
}

TEST(FlowFrames, NothingIsTakenThatIsCutOffOrTooLong) {
  const Bytes request = FlowRequest{filled<NodeId>(1), "tok", kFirst}.encode();
  for (std::size_t n = 0; n <= kUuidBytes + 2 + 3; ++n) {
    EXPECT_FALSE(FlowRequest::decode(ByteView(request).first(n))) << n;
  }
  const Bytes resume = FlowResume{filled<NodeId>(1), {}, "grant", kFirst}.encode();
  for (std::size_t n = 0; n <= kUuidBytes + kFlowProof + 2 + 5; ++n) {
    EXPECT_FALSE(FlowResume::decode(ByteView(resume).first(n))) << n;
  }
  const auto confirm = FlowConfirm{}.encode();
  for (std::size_t n = 0; n < confirm.size(); ++n) {
    EXPECT_FALSE(FlowConfirm::decode(ByteView(confirm).first(n))) << n;
  }
  Bytes longer = FlowAnswer{}.encode();
  longer.push_back(0);
  EXPECT_FALSE(FlowAnswer::decode(longer));
}

TEST(FlowFrames, WhatTheEntryJudgedHasTheseGoldenBytes) {
  AttachedMessage message{true, {}, kFirst};
  message.credential.fill(0x22);
  const Bytes bytes = message.encode();
  EXPECT_EQ(to_hex(bytes), "02" + std::string(64, '2') + to_hex(kFirst));
  const auto back = AttachedMessage::decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->resumes);
  EXPECT_EQ(back->credential, message.credential);
  EXPECT_EQ(to_bytes(back->first_message), to_bytes(kFirst));
  for (std::size_t n = 0; n <= AttachedMessage::kOverhead; ++n) {
    EXPECT_FALSE(AttachedMessage::decode(ByteView(bytes).first(n))) << n;
  }
  Bytes unknown = bytes;
  unknown[0] = 3;
  EXPECT_FALSE(AttachedMessage::decode(unknown));
}

TEST(FlowFrames, AFirstMessageHasABound) {
  const Bytes most(kMaxFirstMessage, 7);
  const Bytes more(kMaxFirstMessage + 1, 7);
  EXPECT_TRUE(FlowResume::decode(FlowResume{filled<NodeId>(1), {}, "g", most}.encode()));
  EXPECT_FALSE(FlowResume::decode(FlowResume{filled<NodeId>(1), {}, "g", more}.encode()));
  EXPECT_FALSE(FlowRequest::decode(FlowRequest{filled<NodeId>(1), "t", more}.encode()));
  EXPECT_FALSE(AttachedMessage::decode(AttachedMessage{false, {}, more}.encode()));
}

TEST(FlowFrames, ACredentialHasABound) {
  const std::string most(kMaxCredential, 'x');
  EXPECT_TRUE(FlowRequest::decode(FlowRequest{NodeId{}, most, kFirst}.encode()));
  EXPECT_FALSE(FlowRequest::decode(FlowRequest{NodeId{}, most + "x", kFirst}.encode()));
  EXPECT_FALSE(FlowRequest::decode(FlowRequest{NodeId{}, "", kFirst}.encode()));
  EXPECT_FALSE(FirstMessage::decode(FirstMessage{{}, std::nullopt, most + "x"}.encode()));
}

TEST(FlowFrames, OnlyTheClosedSetsDecode) {
  EXPECT_FALSE(FirstMessage::decode(Bytes{0, 5, 'x'}));
  EXPECT_FALSE(FirstMessage::decode(Bytes{3, 5, 'x'}));
  EXPECT_FALSE(FirstMessage::decode(Bytes{1, 11, 'x'})) << "there are eleven classes";
  EXPECT_FALSE(FirstMessage::decode(Bytes{1, 5}));
  EXPECT_TRUE(decode_close(Bytes{0}));
  EXPECT_EQ(decode_close(Bytes{0x20}).value_or(std::nullopt), FlowReason::superseded);
  EXPECT_FALSE(decode_close(Bytes{0xff}));
  EXPECT_FALSE(decode_close({}));
}

TEST(FlowFrames, ASealedFrameHasOneLength) {
  const auto decodes = [](FrameType type, std::uint16_t length) {
    std::array<std::uint8_t, kFrameHeader> header;
    encode_header({type, TrafficClass::input, length, 1}, header.data());
    return decode_header(header.data()).has_value();
  };
  const std::pair<FrameType, std::uint16_t> kLengths[] = {{FrameType::flow_confirm, 41},
                                                          {FrameType::flow_ack, 33},
                                                          {FrameType::flow_end, 16},
                                                          {FrameType::flow_close, 17}};
  for (const auto& [type, length] : kLengths) {
    EXPECT_TRUE(decodes(type, length));
    EXPECT_FALSE(decodes(type, length - 1));
    EXPECT_FALSE(decodes(type, length + 1));
  }
}

}  // namespace
}  // namespace rap::wire
