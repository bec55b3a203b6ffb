#include "node/flow/reliable/flow_tail.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::flow {
namespace {

Bytes numbered(std::uint64_t from, std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>((from + i) * 131 >> 3);
  return out;
}

Bytes all_of(const FlowTail& tail) {
  Bytes out;
  for (std::uint64_t at = tail.begin(); at < tail.end();) {
    const ByteView piece = tail.from(at, 7000);
    out.insert(out.end(), piece.begin(), piece.end());
    at += piece.size();
  }
  return out;
}

TEST(FlowTail, KeepsWhatIsNotReleasedInOrder) {
  TailMemory memory;
  FlowTail tail(memory);
  SeededRandom rng(1);
  for (int i = 0; i < 3000; ++i) {
    tail.append(numbered(tail.end(), rng.below(9000)));
    tail.release_to(tail.begin() + rng.below(tail.size() + 1));
    ASSERT_EQ(all_of(tail), numbered(tail.begin(), tail.size()));
    ASSERT_LE(memory.held_bytes(), tail.size() + 2 * kTailChunk);
  }
}

TEST(FlowTail, HoldsNoMemoryWhenAllIsAcknowledged) {
  TailMemory memory;
  FlowTail tail(memory);
  tail.append(Bytes(5));
  EXPECT_EQ(memory.held_bytes(), kTailChunk);
  tail.release_to(5);
  EXPECT_EQ(memory.held_bytes(), 0U);
  tail.append(Bytes(kTailChunk));
  EXPECT_EQ(memory.held_bytes(), 2 * kTailChunk) << "it goes on where the last byte was";
  tail.release_to(tail.end());
  EXPECT_EQ(memory.held_bytes(), 0U);
}

TEST(FlowTail, GivesItsMemoryBackWhenItGoes) {
  TailMemory memory;
  {
    FlowTail tail(memory);
    tail.append(Bytes(3 * kTailChunk));
    tail.release_to(kTailChunk + 1);
  }
  EXPECT_EQ(memory.held_bytes(), 0U);
}

}  // namespace
}  // namespace rap::flow
