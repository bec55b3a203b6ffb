#include "control/server/rate_limits.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <vector>

#include "base/seeded_random.hpp"

namespace rap::control::server {
namespace {

using Kind = control::Throttle::Kind;
using namespace std::chrono_literals;

struct ThrottleTest : testing::Test {
  // How many go ahead before one is told to wait.
  unsigned taken(Kind kind, std::string_view key) {
    for (unsigned n = 0; n < 10'000; ++n) {
      if (throttle.take(kind, key)) return n;
    }
    return 10'000;
  }

  MonoTime now{1h};
  ClockThrottle throttle{[this] { return now; }};
};

TEST_F(ThrottleTest, LetsEachKindHaveItsBurstAndNotOneMore) {
  EXPECT_EQ(kSignInsPerAccount.burst, taken(Kind::sign_in_account, "alice"));
  EXPECT_EQ(kSignInsPerSource.burst, taken(Kind::sign_in_source, "10.0.0.1"));
  EXPECT_EQ(kDeviceProofsPerSource.burst, taken(Kind::device_proof_source, "10.0.0.1"));
  EXPECT_EQ(kEnrolmentsPerSource.burst, taken(Kind::enrolment_source, "10.0.0.1"));
  EXPECT_EQ(kSignInsOfStrangers.burst, taken(Kind::sign_in_strangers, "alice"));
  EXPECT_EQ(kSignInsOfAStranger.burst, taken(Kind::sign_in_stranger_network, "alice 10.0.0.1"));
}

TEST_F(ThrottleTest, CountsAsManyAsAreAskedForAtOnce) {
  EXPECT_FALSE(throttle.take(Kind::tokens_of_user, "alice", kTokensPerUser.burst - 1));
  const auto wait = throttle.take(Kind::tokens_of_user, "alice", 2);
  EXPECT_EQ(wait, kTokensPerUser.refill) << "one is missing";
  EXPECT_FALSE(throttle.take(Kind::tokens_of_user, "alice", 1)) << "a refusal takes none";
  EXPECT_FALSE(throttle.take(Kind::tokens_of_user, "bob", 128));
}

TEST_F(ThrottleTest, SaysHowLongToWaitAndMeansIt) {
  taken(Kind::sign_in_account, "alice");
  const auto wait = throttle.take(Kind::sign_in_account, "alice");
  ASSERT_TRUE(wait);
  EXPECT_LE(*wait, kSignInsPerAccount.refill);
  now += *wait - 1ns;
  EXPECT_TRUE(throttle.take(Kind::sign_in_account, "alice"));
  now += 1ns;
  EXPECT_FALSE(throttle.take(Kind::sign_in_account, "alice"));
  EXPECT_TRUE(throttle.take(Kind::sign_in_account, "alice")) << "one, and not two";
}

TEST_F(ThrottleTest, CountsEveryKindAndEveryKeyApart) {
  taken(Kind::sign_in_source, "10.0.0.1");
  EXPECT_FALSE(throttle.take(Kind::sign_in_source, "10.0.0.2"));
  EXPECT_FALSE(throttle.take(Kind::sign_in_account, "10.0.0.1"));
  EXPECT_FALSE(throttle.take(Kind::enrolment_source, "10.0.0.1"));
}

TEST_F(ThrottleTest, TakesBackWhatTurnedOutHarmless) {
  taken(Kind::sign_in_account, "alice");
  throttle.give_back(Kind::sign_in_account, "alice");
  EXPECT_FALSE(throttle.take(Kind::sign_in_account, "alice"));
  EXPECT_TRUE(throttle.take(Kind::sign_in_account, "alice"));
}

// Randomness that comes when it is let: a hash that has begun and does not end.
class HeldRandom final : public RandomSource {
 public:
  void fill(MutableBytes out) override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    arrived_.notify_all();
    released_.wait(lock, [this] { return free_; });
    rng_.fill(out);
  }
  void wait_for(unsigned hashes) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return waiting_ >= hashes; });
  }
  void release() {
    std::lock_guard lock(mutex_);
    free_ = true;
    released_.notify_all();
  }
  unsigned begun() {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable released_;
  SeededRandom rng_{1};
  unsigned waiting_ = 0;
  bool free_ = false;
};

TEST(BoundedHasher, WeighsNoMorePasswordsAtOnceThanItSaysAndLetsNoMoreWait) {
  HeldRandom random;
  BoundedHasher hasher(random);
  std::vector<std::future<std::optional<std::string>>> hashes;
  // There come as many as may begin or wait, and one: exactly one is refused, and at once.
  std::atomic<unsigned> refused = 0;
  for (unsigned i = 0; i < kMaxHashing + kMaxWaitingToHash + 1; ++i) {
    hashes.push_back(std::async(std::launch::async, [&] {
      auto hash = hasher.hash("correct horse battery staple");
      if (!hash) ++refused;
      return hash;
    }));
  }
  random.wait_for(kMaxHashing);
  while (refused == 0) std::this_thread::yield();
  EXPECT_EQ(kMaxHashing, random.begun());
  random.release();
  unsigned made = 0;
  for (auto& hash : hashes) {
    if (const auto text = hash.get()) {
      ++made;
      EXPECT_TRUE(text->starts_with("$argon2id$"));
    }
  }
  EXPECT_EQ(kMaxHashing + kMaxWaitingToHash, made);
  EXPECT_EQ(1U, refused);
}

TEST_F(ThrottleTest, CountsSignInsAnewWhenToldTo) {
  taken(Kind::sign_in_account, "a@b.test 192.0.2.7");
  taken(Kind::enrolment_source, "192.0.2.7");
  throttle.forget_sign_ins();
  EXPECT_EQ(kSignInsPerAccount.burst, taken(Kind::sign_in_account, "a@b.test 192.0.2.7"));
  EXPECT_EQ(0U, taken(Kind::enrolment_source, "192.0.2.7")) << "enrolments are no concern of it";
}

TEST(BoundedHasher, ChecksWhatItHashed) {
  SeededRandom random{2};
  BoundedHasher hasher(random);
  const auto hash = hasher.hash("correct horse battery staple");
  ASSERT_TRUE(hash);
  EXPECT_EQ(true, hasher.check("correct horse battery staple", *hash));
  EXPECT_EQ(false, hasher.check("correct horse battery stapler", *hash));
}

}  // namespace
}  // namespace rap::control::server
