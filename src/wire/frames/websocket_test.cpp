#include "wire/frames/websocket.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"

namespace rap::wire {
namespace {

using Result = WebSocketDecoder::Result;
using Op = WebSocketOpcode;

constexpr WebSocketMask kMask = {0x37, 0xfa, 0x21, 0x3d};

Bytes frame(Op opcode, std::string_view text, bool fin = true,
            std::optional<WebSocketMask> mask = kMask) {
  Bytes out(kMaxWebSocketHeader);
  out.resize(encode_websocket_header(out.data(), opcode, text.size(), mask));
  if (!fin) out[0] &= 0x7f;
  const std::size_t at = out.size();
  out.insert(out.end(), text.begin(), text.end());
  if (mask) apply_websocket_mask(MutableBytes(out).subspan(at), *mask);
  return out;
}

struct Server {
  WebSocketDecoder decoder{WebSocketRole::server};
  WebSocketMessage message;
  std::size_t used = 0;
  Result feed(Bytes& b) { return decoder.next(b, used, message); }
};

void expect_refused(Bytes b, WebSocketClose code, const char* why) {
  Server s;
  EXPECT_EQ(s.feed(b), Result::failed) << why;
  EXPECT_EQ(s.decoder.close_code(), code) << why;
}

// RFC 6455 §5.7
TEST(WebSocket, ReadsTheExamplesOfTheRfc) {
  Bytes masked = *from_hex("818537fa213d7f9f4d5158");
  Server s;
  ASSERT_EQ(s.feed(masked), Result::message);
  EXPECT_EQ(as_text(s.message.payload), "Hello");
  Bytes unmasked = *from_hex("810548656c6c6f");
  WebSocketDecoder client(WebSocketRole::client);
  WebSocketMessage m;
  std::size_t used = 0;
  ASSERT_EQ(client.next(unmasked, used, m), Result::message);
  EXPECT_EQ(as_text(m.payload), "Hello");
}

TEST(WebSocket, ACloseSaysItsCodeInTwoBytes) {
  EXPECT_EQ(to_bytes(encode_websocket_close(WebSocketClose::protocol_error)), *from_hex("03ea"));
}

TEST(WebSocket, WaitsForTheWholeFrame) {
  const Bytes whole = frame(Op::binary, std::string(300, 'x'));
  for (std::size_t n = 0; n < whole.size(); ++n) {
    Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
    Server s;
    EXPECT_EQ(s.feed(part), Result::need_more);
    EXPECT_EQ(s.used, 0U);
  }
}

TEST(WebSocket, PutsFragmentsTogetherWithControlFramesBetween) {
  Server s;
  Bytes a = frame(Op::binary, "one ", false);
  Bytes ping = frame(Op::ping, "p");
  Bytes b = frame(Op::continuation, "two ", false);
  Bytes c = frame(Op::continuation, "three");
  EXPECT_EQ(s.feed(a), Result::need_more);
  EXPECT_EQ(s.used, a.size());
  EXPECT_EQ(s.feed(ping), Result::message);
  EXPECT_EQ(s.message.opcode, Op::ping);
  EXPECT_EQ(s.feed(b), Result::need_more);
  ASSERT_EQ(s.feed(c), Result::message);
  EXPECT_EQ(s.message.opcode, Op::binary);
  EXPECT_EQ(as_text(s.message.payload), "one two three");
}

TEST(WebSocket, RefusesAHostilePeer) {
  using C = WebSocketClose;
  expect_refused(frame(Op::binary, "x", true, std::nullopt), C::protocol_error, "unmasked");
  Bytes b = frame(Op::binary, "x");
  b[0] |= 0x40;
  expect_refused(b, C::protocol_error, "reserved bit");
  b = frame(Op::binary, "x");
  b[0] = 0x83;
  expect_refused(b, C::protocol_error, "reserved opcode");
  expect_refused(frame(Op::ping, "x", false), C::protocol_error, "fragmented ping");
  expect_refused(frame(Op::ping, std::string(126, 'x')), C::protocol_error, "long ping");
  expect_refused(frame(Op::continuation, "x"), C::protocol_error, "continuation of nothing");
  expect_refused(*from_hex("82fe007d00000000"), C::protocol_error, "16 bits for 125 bytes");
  expect_refused(*from_hex("82ff000000000000ffff00000000"), C::protocol_error, "64 bits for 65535");
  expect_refused(*from_hex("82ff800000000000000000000000"), C::too_big, "top bit of the length");
  expect_refused(frame(Op::close, "x"), C::protocol_error, "close of one byte");
  expect_refused(frame(Op::close, "\x03\xed"), C::protocol_error, "close 1005");
  expect_refused(frame(Op::close, "\x03\xe8\xff"), C::invalid_payload, "a reason that is no text");
}

TEST(WebSocket, AMessageIsTakenAtTheLimitAndRefusedJustPastIt) {
  Server s;
  Bytes b = frame(Op::binary, std::string(kMaxWebSocketMessage, 'x'));
  EXPECT_EQ(s.feed(b), Result::message);
  expect_refused(frame(Op::binary, std::string(kMaxWebSocketMessage + 1, 'x')),
                 WebSocketClose::too_big, "one byte more");
}

TEST(WebSocket, FragmentsTogetherKeepTheLimitToo) {
  Server s;
  Bytes a = frame(Op::binary, std::string(kMaxWebSocketMessage, 'x'), false);
  Bytes b = frame(Op::continuation, "x");
  EXPECT_EQ(s.feed(a), Result::need_more);
  EXPECT_EQ(s.feed(b), Result::failed);
  EXPECT_EQ(s.decoder.close_code(), WebSocketClose::too_big);
}

TEST(WebSocket, TellsWhatItHoldsOfAMessageAndLetsItGoWithIt) {
  WebSocketDecoder decoder(WebSocketRole::server);
  std::size_t used = 0;
  WebSocketMessage message;
  Bytes first = frame(Op::binary, std::string(1000, 'x'), false);
  EXPECT_EQ(decoder.next(first, used, message), WebSocketDecoder::Result::need_more);
  EXPECT_GE(decoder.held_bytes(), 1000U);
  Bytes last = frame(Op::continuation, "y");
  EXPECT_EQ(decoder.next(last, used, message), WebSocketDecoder::Result::message);
  EXPECT_EQ(message.payload.size(), 1001U);
  EXPECT_EQ(decoder.next({}, used, message), WebSocketDecoder::Result::need_more);
  EXPECT_EQ(decoder.held_bytes(), 0U);
}

TEST(WebSocket, ASecondMessageMayNotStartInsideAFragmentedOne) {
  Server s;
  Bytes a = frame(Op::binary, "x", false);
  Bytes b = frame(Op::binary, "y");
  s.feed(a);
  EXPECT_EQ(s.feed(b), Result::failed);
}

TEST(WebSocket, MaskingIsItsOwnInverseAtEveryOffset) {
  SeededRandom rng{8};
  for (std::size_t size = 0; size < 40; ++size) {
    const Bytes plain = rng.bytes(size);
    for (std::size_t cut = 0; cut <= size; ++cut) {
      Bytes b = plain;
      apply_websocket_mask(b, kMask);
      for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(b[i], plain[i] ^ kMask[i % 4]);
      apply_websocket_mask(MutableBytes(b).first(cut), kMask, 0);
      apply_websocket_mask(MutableBytes(b).subspan(cut), kMask, cut);
      EXPECT_EQ(b, plain);
    }
  }
}

TEST(WebSocket, SurvivesAnyBytes) {
  SeededRandom rng{9};
  for (int i = 0; i < 100000; ++i) {
    Bytes b = rng.bytes(rng.u64() % 40);
    Server s;
    const auto r = s.feed(b);
    ASSERT_LE(s.used, b.size());
    if (r == Result::message) {
      ASSERT_LE(s.message.payload.size(), b.size());
    }
  }
}

}  // namespace
}  // namespace rap::wire
