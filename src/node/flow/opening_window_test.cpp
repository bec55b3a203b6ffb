#include "node/flow/opening_window.hpp"

#include <gtest/gtest.h>

namespace rap::flow {
namespace {

class OpeningWindowTest : public testing::Test {
 protected:
  // What is sent of endless data.
  std::uint32_t send() {
    const std::uint32_t n = opening.room(window, now);
    EXPECT_TRUE(window.spend(n));
    opening.sent(now);
    opening.was_full();
    return n;
  }
  void credit(std::uint32_t n) {
    ASSERT_TRUE(window.grant(n));
    opening.credited(n, now);
  }
  // The client takes all of it again and again.
  void open_wide() {
    for (std::uint32_t n = send(); n < kInitialWindow; n = send()) credit(n);
    credit(kInitialWindow);
  }

  OpeningWindow opening;
  SendWindow window;
  MonoTime now{std::chrono::hours{1}};
};

TEST_F(OpeningWindowTest, LetsOnlyTheFirstPartPassUntilTheClientTookSome) {
  EXPECT_EQ(send(), kFirstWindow);
  EXPECT_EQ(send(), 0U);
}

TEST_F(OpeningWindowTest, DoublesWithEachRoundTripThatItWasFullIn) {
  for (std::uint32_t n = send(), expected = kFirstWindow; expected < kInitialWindow / 2;
       expected *= 2) {
    EXPECT_EQ(n, expected);
    credit(n);
    n = send();
  }
}

TEST_F(OpeningWindowTest, DoublesHoweverLongARoundTripIs) {
  const std::uint32_t n = send();
  now += kReopenAfter + Duration{1};
  credit(n);
  EXPECT_EQ(send(), 2 * kFirstWindow);
}

TEST_F(OpeningWindowTest, IsAtMostTheWindow) {
  open_wide();
  EXPECT_EQ(send(), kInitialWindow);
  EXPECT_EQ(send(), 0U);
}

TEST_F(OpeningWindowTest, StaysAsItIsWhereThereIsLittleToSend) {
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(window.spend(1000));
    opening.sent(now);
    credit(1000);
  }
  EXPECT_EQ(send(), kFirstWindow);
}

TEST_F(OpeningWindowTest, IsOpenedAnewAfterARest) {
  open_wide();
  now += kReopenAfter;
  EXPECT_EQ(opening.room(window, now), kInitialWindow) << "at the limit";
  now += Duration{1};
  EXPECT_EQ(opening.room(window, now), kFirstWindow) << "just past it";
}

TEST_F(OpeningWindowTest, IsOpenedAnewAfterAPause) {
  open_wide();
  opening.paused();
  EXPECT_EQ(send(), kFirstWindow);
}

TEST_F(OpeningWindowTest, GoesOnByTheSmallestCreditThatAClientGives) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_GT(send(), 0U);
    credit(kCreditStep);
  }
}

}  // namespace
}  // namespace rap::flow
