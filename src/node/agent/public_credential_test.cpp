#include "node/agent/public_credential.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "crypto/x509/ca.hpp"

namespace rap::agent {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::chrono::hours kDayOfLife{24};

struct PublicCredentials : testing::Test {
  PublicFiles files_of(const PrivateKey& key, const std::string& host = "entry.example",
                       std::chrono::seconds lives = 90 * kDayOfLife, bool must_staple = false) {
    crypto::SubjectNames names;
    names.dns = {host};
    const auto leaf =
        crypto::issue_leaf(authority, key.public_key(), names, {wall - kDayOfLife, wall + lives},
                           rng, {.must_staple = must_staple});
    return {leaf.pem() + authority.certificate.pem(), key.pem()};
  }
  PublicCredential::Step look(const PublicFilesRead& files) {
    return credential.looked(files, now, wall);
  }
  void pass(std::chrono::seconds span) {
    now += span;
    wall += span;
  }
  void check_in() {
    (void)credential.tell();
    credential.check_in_succeeded(now);
  }
  std::string refusal(const PublicFilesRead& files) {
    const auto step = look(files);
    return step.say && step.say->event == "public_certificate.unusable" ? step.say->text : "";
  }

  SeededRandom rng{5};
  MonoTime now{std::chrono::hours{1}};
  WallTime wall = from_unix(1'800'000'000);
  crypto::Issuer authority = crypto::make_root(
      ClusterId::random(rng), {wall - 9 * kDayOfLife, wall + 900 * kDayOfLife}, rng);
  PrivateKey first = PrivateKey::generate(KeyType::p256);
  PrivateKey second = PrivateKey::generate(KeyType::p256);
  PublicCredential credential{"entry.example"};
};

TEST_F(PublicCredentials, AreShownAndToldFromTheStart) {
  EXPECT_EQ(credential.shown(), nullptr);
  EXPECT_TRUE(credential.tell().keys.empty());
  const auto files = files_of(first);
  EXPECT_TRUE(look(files).tell_identity);
  ASSERT_NE(credential.shown(), nullptr);
  EXPECT_EQ(credential.shown()->key_pem, files.key_pem);
  EXPECT_EQ(credential.shown()->chain_pem, files.chain_pem);
  EXPECT_EQ(credential.tell().keys, std::vector{first.public_key().spki_sha256()});
  EXPECT_EQ(credential.tell().not_after, wall + 90 * kDayOfLife);
  EXPECT_FALSE(look(files).tell_identity) << "nothing changed";
}

TEST_F(PublicCredentials, AreRenewedAtOnceWithTheSameKey) {
  look(files_of(first));
  const auto renewed = files_of(first);
  EXPECT_TRUE(look(renewed).tell_identity);
  EXPECT_EQ(credential.shown()->chain_pem, renewed.chain_pem);
}

TEST_F(PublicCredentials, OfAnotherKeyAreToldOfAMinuteBeforeTheyAreShown) {
  const auto before = files_of(first);
  const auto renewed = files_of(second);
  look(before);
  credential.tell();  // a check-in that is on its way knows nothing of the other
  EXPECT_FALSE(look(renewed).tell_identity);
  credential.check_in_succeeded(now);
  pass(2 * kKeyToldBeforehand);
  EXPECT_FALSE(look(renewed).tell_identity);
  EXPECT_EQ(credential.tell().keys,
            (std::vector{first.public_key().spki_sha256(), second.public_key().spki_sha256()}));
  credential.check_in_succeeded(now);
  pass(kKeyToldBeforehand - seconds{1});
  EXPECT_FALSE(look(renewed).tell_identity);
  EXPECT_EQ(credential.shown()->chain_pem, before.chain_pem);
  check_in();  // and another one does not begin the wait anew
  pass(seconds{1});
  EXPECT_TRUE(look(renewed).tell_identity);
  EXPECT_EQ(credential.shown()->chain_pem, renewed.chain_pem);
  EXPECT_EQ(credential.tell().keys, std::vector{second.public_key().spki_sha256()});
}

TEST_F(PublicCredentials, ThatAreNoGoodChangeNothingAndAreNamedOnce) {
  const auto good = files_of(first);
  look(good);
  EXPECT_THAT(refusal(PublicFiles{good.chain_pem, second.pem()}),
              HasSubstr("is not that of the certificate"));
  EXPECT_THAT(refusal(files_of(first, "other.example")), HasSubstr("not for entry.example"));
  EXPECT_THAT(refusal(files_of(first, "entry.example", -seconds{1})), HasSubstr("expired"));
  EXPECT_THAT(refusal(files_of(first, "entry.example", kDayOfLife, true)), HasSubstr("staple"));
  EXPECT_THAT(refusal(PublicFiles{"", good.key_pem}), HasSubstr("--data-plane-certificate"));
  EXPECT_THAT(refusal(PublicFiles{good.chain_pem, "no key"}), HasSubstr("--data-plane-key"));
  std::string chain;
  for (int i = 0; i < 9; ++i) chain += authority.certificate.pem();
  EXPECT_THAT(refusal(PublicFiles{chain, good.key_pem}), HasSubstr("eight at most"));
  const PublicFilesRead gone = std::unexpected("it is gone");
  EXPECT_THAT(refusal(gone), HasSubstr("it is gone The one from before is shown on."));
  EXPECT_EQ(refusal(gone), "") << "it was said";
  EXPECT_EQ(credential.shown()->chain_pem, good.chain_pem);
  look(good);
  EXPECT_NE(refusal(gone), "") << "once for each time";
}

TEST_F(PublicCredentials, ThatExpiredMakeWayForThePlatformsOwn) {
  const auto files = files_of(first, "entry.example", kDayOfLife);
  look(files);
  pass(kDayOfLife);
  const auto step = look(files);
  EXPECT_TRUE(step.tell_identity);
  ASSERT_TRUE(step.say);
  EXPECT_THAT(step.say->text, HasSubstr("the platform's own"));
  EXPECT_EQ(credential.shown(), nullptr);
  EXPECT_TRUE(credential.tell().keys.empty());
  EXPECT_TRUE(look(files_of(second)).tell_identity) << "and for a renewed one";
}

}  // namespace
}  // namespace rap::agent
