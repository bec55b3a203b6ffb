#include "wire/reproof.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::wire {
namespace {

TEST(Reproof, RoundTripsAndRefusesEverythingElse) {
  SeededRandom rng(1);
  const Reproof p{{rng.bytes(700), rng.bytes(500)}, rng.bytes(64)};
  const Bytes encoded = p.encode();
  EXPECT_EQ(Reproof::decode(encoded), p);
  for (std::size_t n = 0; n < encoded.size(); ++n) {
    EXPECT_FALSE(Reproof::decode(ByteView(encoded).first(n)));
  }
  Bytes longer = encoded;
  longer.push_back(0);
  EXPECT_FALSE(Reproof::decode(longer));
}

TEST(Reproof, BoundsTheNumberOfCertificates) {
  Reproof p{std::vector<Bytes>(Reproof::kMaxCertificates, Bytes(1)), Bytes(1)};
  EXPECT_TRUE(Reproof::decode(p.encode()));
  p.chain.emplace_back(1);
  EXPECT_FALSE(Reproof::decode(p.encode()));
  EXPECT_FALSE(Reproof::decode(Reproof{}.encode())) << "nobody proves nothing";
}

}  // namespace
}  // namespace rap::wire
