// Guessing the password of one account from many networks, and the person whose account it is.
#include <gtest/gtest.h>

#include <chrono>

#include "control/people/bearer.hpp"
#include "control/server/rate_limits.hpp"
#include "policy/rate_limit.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using control::server::kSignInsOfStrangers;

// The limits at one account are those that there are; one network may do here what it likes.
class AccountLimits final : public control::Throttle {
 public:
  using Throttle::take;
  std::optional<Duration> take(Kind kind, std::string_view key, unsigned count) override {
    policy::RateLimiter* of_kind = limiter(kind);
    return of_kind != nullptr ? of_kind->take(key, now, count) : std::nullopt;
  }
  void give_back(Kind kind, std::string_view key) override {
    if (policy::RateLimiter* of_kind = limiter(kind)) of_kind->give_back(key, now);
  }
  MonoTime now{std::chrono::hours{1}};

 private:
  policy::RateLimiter* limiter(Kind kind) {
    if (kind == Kind::sign_in_account) return &account_;
    if (kind == Kind::sign_in_stranger_network) return &stranger_;
    return kind == Kind::sign_in_strangers ? &strangers_ : nullptr;
  }
  policy::RateLimiter account_{control::server::kSignInsPerAccount, 65536};
  policy::RateLimiter strangers_{kSignInsOfStrangers, 65536};
  policy::RateLimiter stranger_{control::server::kSignInsOfAStranger, 65536};
};

class Guessing : public ::testing::Test {
 protected:
  Guessing() {
    c.throttle.limits = &limits_;
    // Sign-ins from where the seed made them are over, so that no network is known.
    c.now += control::kBearerLifetime;
  }
  Answered login(const std::string& password, const std::string& from,
                 const crypto::PrivateKey* device = nullptr,
                 const std::string& email = "user@alpha.test") {
    auto asked = ControlPlane::request_of("POST", "/api/v1/auth/login",
                                          {{"email", email}, {"password", password}});
    asked.peer_ip = from;
    return c.request(device != nullptr ? c.proven(asked, *device) : asked);
  }
  // A network that nobody has come from.
  std::string next_network() {
    const unsigned n = networks_++;
    return "2001:db8:" + std::to_string(n / 1000) + ":" + std::to_string(n % 1000) + "::1";
  }
  // Guesses, each from a network of its own, until one is not weighed.
  unsigned guess_until_refused(bool with_devices) {
    for (unsigned n = 0; n < 1000; ++n) {
      const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
      const Answered a = login("guess", next_network(), with_devices ? &key : nullptr);
      if (a.code() == "too_many_attempts") return n;
      EXPECT_EQ(a.code(), "wrong_credentials");
    }
    return 1000;
  }

  SeededWorld w;
  ControlPlane& c = *w.control;
  AccountLimits limits_;
  unsigned networks_ = 1;
};

TEST_F(Guessing, FromManyNetworksGetsNoFurtherThanFromOne) {
  EXPECT_EQ(guess_until_refused(false), kSignInsOfStrangers.burst);
  EXPECT_EQ(guess_until_refused(false), 0U);
  EXPECT_EQ(guess_until_refused(true), 0U) << "nor does a key of one's own making help";
  limits_.now += kSignInsOfStrangers.refill;
  EXPECT_EQ(guess_until_refused(true), 1U);
  const Answered refused = login("guess", next_network());
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.text.find("still may"), std::string::npos);
  EXPECT_NE(login("guess", next_network(), nullptr, "admin@alpha.test").code(), "too_many_attempts")
      << "it is one account's limit";
}

TEST_F(Guessing, FromOneNetworkKeepsNobodyWaitingElsewhere) {
  for (int tries = 0; tries < 200; ++tries) {
    login("guess", "192.0.2.1");
    limits_.now += control::server::kSignInsPerAccount.refill;
  }
  EXPECT_EQ(login("guess", "192.0.2.1").code(), "too_many_attempts");
  EXPECT_EQ(login(ControlPlane::kPassword, "198.51.100.1").status, 200);
}

TEST_F(Guessing, KeepsNobodyOutOfADeviceTheySignedInOn) {
  guess_until_refused(true);
  EXPECT_EQ(login(ControlPlane::kPassword, next_network()).code(), "too_many_attempts");
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(login(ControlPlane::kPassword, next_network(), &ControlPlane::device()).status, 200)
        << "wherever they are";
  }
  EXPECT_EQ(login("guess", next_network(), &ControlPlane::device()).code(), "wrong_credentials");
}

TEST_F(Guessing, OnAKnownDeviceIsLimitedWhereverItIs) {
  for (unsigned i = 0; i < control::server::kSignInsPerAccount.burst; ++i) {
    EXPECT_EQ(login("guess", next_network(), &ControlPlane::device()).code(), "wrong_credentials");
  }
  EXPECT_EQ(login("guess", next_network(), &ControlPlane::device()).code(), "too_many_attempts");
}

TEST_F(Guessing, KeepsNobodyOutOfANetworkTheyAreSignedInFrom) {
  ASSERT_EQ(login(ControlPlane::kPassword, "192.0.2.7").status, 200) << "a client without a device";
  guess_until_refused(false);
  EXPECT_EQ(login(ControlPlane::kPassword, "192.0.2.7").status, 200);
  EXPECT_EQ(login(ControlPlane::kPassword, "192.0.2.8").code(), "too_many_attempts");
}

TEST_F(Guessing, OnADeviceThatIsDisabledIsAStrangers) {
  c.throttle.limits = nullptr;
  const auto root = c.sign_in("root@platform.test");
  const auto stolen = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  const Answered in_on = login(ControlPlane::kPassword, next_network(), &stolen);
  ASSERT_EQ(in_on.status, 200);
  const auto me = c.call_from(stolen, "GET", "/api/v1/me", {}, in_on.body["token"]);
  ASSERT_EQ(c.call("POST", "/api/v1/devices/" + me.body["device"].get<std::string>() + "/disable",
                   {{"reason", "stolen"}}, root)
                .status,
            200);
  c.throttle.limits = &limits_;
  guess_until_refused(false);
  EXPECT_EQ(login("guess", next_network(), &stolen).code(), "too_many_attempts");
}

TEST_F(Guessing, AtAnAccountThatThereIsNotIsLimitedAlike) {
  for (unsigned i = 0; i < kSignInsOfStrangers.burst; ++i) {
    EXPECT_EQ(login("guess", next_network(), nullptr, "who@alpha.test").code(),
              "wrong_credentials");
  }
  EXPECT_EQ(login("guess", next_network(), nullptr, "who@alpha.test").code(), "too_many_attempts");
}

}  // namespace
}  // namespace rap::store
