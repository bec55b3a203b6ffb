#include "wire/frames/reauthentication.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::wire {
namespace {

TEST(Reauthentication, RoundTripsAndRefusesEverythingElse) {
  SeededRandom rng(1);
  const Reauthentication p{{rng.bytes(700), rng.bytes(500)}, rng.bytes(64), rng.bytes(900)};
  const Bytes encoded = p.encode();
  EXPECT_EQ(Reauthentication::decode(encoded), p);
  for (std::size_t n = 0; n < encoded.size(); ++n) {
    EXPECT_FALSE(Reauthentication::decode(ByteView(encoded).first(n)));
  }
  Bytes longer = encoded;
  longer.push_back(0);
  EXPECT_FALSE(Reauthentication::decode(longer));
}

TEST(Reauthentication, BoundsTheNumberOfCertificates) {
  Reauthentication p{std::vector<Bytes>(Reauthentication::kMaxCertificates, Bytes(1)), Bytes(1)};
  EXPECT_TRUE(Reauthentication::decode(p.encode()));
  p.chain.emplace_back(1);
  EXPECT_FALSE(Reauthentication::decode(p.encode()));
  EXPECT_FALSE(Reauthentication::decode(Reauthentication{}.encode())) << "nobody proves nothing";
}

}  // namespace
}  // namespace rap::wire
