#include "control/store/recent_scrapers.hpp"

#include <gtest/gtest.h>

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class RecentScrapersTest : public ::testing::Test {
 protected:
  static constexpr WallTime kNow = from_unix(1'800'000'000);

  static crypto::Sha256 hash(std::size_t n) {
    crypto::Sha256 out{};
    out[0] = static_cast<std::uint8_t>(n);
    return out;
  }
  void remember(std::size_t n, WallTime expires_at = kNow + 1h) {
    control::MetricsToken token;
    token.name = "token " + std::to_string(n);
    token.expires_at = expires_at;
    scrapers_.remember(hash(n), token, scrapers_.forgotten());
  }
  bool knows(std::size_t n, WallTime now = kNow) {
    return scrapers_.name_of(hash(n), now) == "token " + std::to_string(n);
  }

  MonoTime mono_{1h};
  RecentScrapers scrapers_{[this] { return mono_; }};
};

TEST_F(RecentScrapersTest, KnowWhoWasGoodAMomentAgoAndNobodyElse) {
  remember(1);
  EXPECT_TRUE(knows(1));
  EXPECT_FALSE(scrapers_.name_of(hash(2), kNow));
}

TEST_F(RecentScrapersTest, ForgetAfterAWhileWhateverTheyWereAskedMeanwhile) {
  remember(1);
  mono_ += control::kScraperRemembered - 1ns;
  EXPECT_TRUE(knows(1));
  mono_ += 1ns;
  EXPECT_FALSE(knows(1));
  remember(1);
  mono_ += 9min;
  remember(1);
  mono_ += 9min;
  EXPECT_TRUE(knows(1)) << "the database said so again";
}

TEST_F(RecentScrapersTest, ForgetATokenThatExpired) {
  remember(1, kNow + 1s);
  EXPECT_TRUE(knows(1, kNow));
  EXPECT_FALSE(knows(1, kNow + 1s));
}

TEST_F(RecentScrapersTest, ForgetATokenThatIsNotGoodAnyMore) {
  remember(1);
  remember(2);
  scrapers_.forget(hash(1));
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(2));
}

TEST_F(RecentScrapersTest, ForgetAllAndRememberNothingThatWasSaidBefore) {
  remember(1);
  const auto before = scrapers_.forgotten();
  scrapers_.forget_all();
  scrapers_.remember(hash(1), {.name = "token 1", .expires_at = kNow + 1h}, before);
  EXPECT_FALSE(knows(1));
  remember(1);
  EXPECT_TRUE(knows(1));
}

TEST_F(RecentScrapersTest, RememberWhateverAStrangerGuessesMeanwhile) {
  const auto before = scrapers_.forgotten();
  scrapers_.forget(hash(2));
  scrapers_.remember(hash(1), {.name = "token 1", .expires_at = kNow + 1h}, before);
  EXPECT_TRUE(knows(1));
}

TEST_F(RecentScrapersTest, AreBoundedAndTheLongestSilentMakesWay) {
  for (std::size_t n = 0; n < kMaxScrapersRemembered; ++n) {
    remember(n);
    mono_ += 1s;
  }
  remember(0);
  for (std::size_t n = 0; n < kMaxScrapersRemembered; ++n) EXPECT_TRUE(knows(n)) << n;
  mono_ += 1s;
  remember(kMaxScrapersRemembered);
  EXPECT_TRUE(knows(kMaxScrapersRemembered));
  EXPECT_TRUE(knows(0));
  EXPECT_FALSE(knows(1));
  EXPECT_TRUE(knows(2));
}

}  // namespace
}  // namespace rap::store
