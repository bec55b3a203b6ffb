#include "dialling/lookup_limits.hpp"

#include <gtest/gtest.h>

namespace rap::dialling {
namespace {

TEST(LookupLimits, LetsAnAskerHaveSoManyAtOnce) {
  LookupLimits limits;
  for (std::size_t i = 0; i < kMaxLookupsPerAsker; ++i) EXPECT_TRUE(limits.take("acme"));
  EXPECT_FALSE(limits.take("acme"));
  EXPECT_TRUE(limits.take("globex"));
  limits.give_back("acme");
  EXPECT_TRUE(limits.take("acme"));
  EXPECT_FALSE(limits.take("acme"));
}

TEST(LookupLimits, KeepsRoomForTheProgramItselfWhateverTheAskersTake) {
  LookupLimits limits;
  std::size_t taken = 0;
  for (int asker = 0; asker < 100; ++asker) {
    for (int i = 0; i < 100; ++i) taken += limits.take("asker " + std::to_string(asker)) ? 1 : 0;
  }
  EXPECT_EQ(taken, kMaxLookups);
  for (std::size_t i = 0; i < kMaxOwnLookups; ++i) EXPECT_TRUE(limits.take(""));
  EXPECT_FALSE(limits.take(""));
  EXPECT_EQ(limits.under_way(), kMaxLookups + kMaxOwnLookups);
}

TEST(LookupLimits, ForgetsWhoGaveAllBack) {
  LookupLimits limits;
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(limits.take("acme"));
    EXPECT_TRUE(limits.take(""));
    limits.give_back("acme");
    limits.give_back("");
  }
  EXPECT_EQ(limits.under_way(), 0U);
}

}  // namespace
}  // namespace rap::dialling
