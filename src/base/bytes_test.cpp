#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap {
namespace {

TEST(ByteWriter, WritesBigEndian) {
  Bytes out;
  ByteWriter w(out);
  w.u8(0x01);
  w.u16(0x0203);
  w.u32(0x04050607);
  w.u64(0x08090a0b0c0d0e0f);
  w.field16(as_bytes("ab"));
  w.raw(as_bytes("c"));
  const Bytes golden = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 2, 'a', 'b', 'c'};
  EXPECT_EQ(out, golden);
}

TEST(ByteReader, ReadsBackWhatWasWritten) {
  SeededRandom rng(3);
  for (int i = 0; i < 1000; ++i) {
    const auto b8 = static_cast<std::uint8_t>(rng.next());
    const auto b16 = static_cast<std::uint16_t>(rng.next());
    const auto b32 = static_cast<std::uint32_t>(rng.next());
    const std::uint64_t b64 = rng.next();
    const Bytes field = rng.bytes(rng.below(300));
    const Bytes tail = rng.bytes(rng.below(10));

    Bytes wire;
    ByteWriter w(wire);
    w.u8(b8);
    w.u16(b16);
    w.u32(b32);
    w.u64(b64);
    w.field16(field);
    w.raw(tail);

    ByteReader r(wire);
    EXPECT_EQ(r.u8(), b8);
    EXPECT_EQ(r.u16(), b16);
    EXPECT_EQ(r.u32(), b32);
    EXPECT_EQ(r.u64(), b64);
    EXPECT_EQ(to_bytes(r.field16()), field);
    EXPECT_EQ(to_bytes(r.rest()), tail);
    EXPECT_TRUE(r.finished());
  }
}

TEST(ByteReader, FailsOnEveryTruncationAndStaysFailed) {
  Bytes wire;
  ByteWriter w(wire);
  w.u64(1);
  w.field16(as_bytes("field"));
  for (std::size_t n = 0; n < wire.size(); ++n) {
    ByteReader r(ByteView(wire).first(n));
    r.u64();
    r.field16();
    EXPECT_TRUE(r.failed()) << n;
    EXPECT_FALSE(r.finished()) << n;
    EXPECT_EQ(r.u8(), 0);
    EXPECT_TRUE(r.raw(0).empty());
    EXPECT_TRUE(r.failed());
  }
}

TEST(ByteReader, IsNotFinishedWhileBytesAreLeft) {
  const Bytes wire = {1, 2};
  ByteReader r(wire);
  r.u8();
  EXPECT_FALSE(r.failed());
  EXPECT_FALSE(r.finished());
  r.u8();
  EXPECT_TRUE(r.finished());
}

TEST(ByteReader, AFieldLongerThanTheInputYieldsNothing) {
  const Bytes wire = {0xff, 0xff, 1, 2, 3};
  ByteReader r(wire);
  EXPECT_TRUE(r.field16().empty());
  EXPECT_TRUE(r.failed());
}

TEST(BigEndian, StoresAndLoadsThirtyTwoBits) {
  std::uint8_t b[4];
  store_be32(b, 0xdeadbeef);
  EXPECT_EQ(b[0], 0xde);
  EXPECT_EQ(b[3], 0xef);
  EXPECT_EQ(load_be32(b), 0xdeadbeefU);
}

}  // namespace
}  // namespace rap
