#include "control/pki/status/kept_ocsp_answers.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::control {
namespace {

using namespace std::chrono_literals;
using crypto::OcspStatus;

constexpr WallTime kNow = from_unix(1'800'000'000);

struct KeptOcsp : testing::Test {
  std::shared_ptr<const OcspSigner> make_signer() {
    auto issuer = crypto::make_root(ClusterId::random(rng), {kNow - 1h, kNow + 1h}, rng);
    auto certificate = issuer.certificate;
    return std::make_shared<const OcspSigner>(
        OcspSigner{std::move(issuer), std::move(certificate), "ca-1", kNow + 24h});
  }
  static crypto::OcspCertId id_of(const std::string& serial, std::size_t size = 90) {
    crypto::OcspCertId asked;
    asked.serial = serial;
    asked.der = Bytes(size, 7);
    return asked;
  }
  KeptOcspAnswer answer(const crypto::OcspCertId& asked,
                        OcspStatus::Kind kind = OcspStatus::Kind::good) const {
    return {signer, asked.der, kind, now.wall, now.wall + 112s, "signed for " + asked.serial};
  }
  // Asks as somebody does who reads the version and then looks the certificate up.
  void ask(const crypto::OcspCertId& asked, const std::string& version = "1") {
    kept.read(kept.begin(now.mono), version);
    kept.keep(asked, answer(asked), version, now);
  }
  bool counts(const crypto::OcspCertId& asked) { return kept.find(asked, *signer, now) != nullptr; }

  SeededRandom rng{5};
  std::shared_ptr<const OcspSigner> signer = make_signer();
  OcspAnswerMemory kept;
  Moment now{kNow, MonoTime{} + 1h};
  const crypto::OcspCertId id = id_of("0a");
};

TEST_F(KeptOcsp, CountsForWhoAsksNext) {
  EXPECT_FALSE(counts(id));
  ask(id);
  ASSERT_TRUE(counts(id));
  EXPECT_EQ(kept.find(id, *signer, now)->body, "signed for 0a");
  EXPECT_FALSE(counts(id_of("0b")));
  EXPECT_EQ(kept.figures().used, 2U);
}

TEST_F(KeptOcsp, CountsNoLongerThanItsVersionWasConfirmedThoughNothingIsAnnounced) {
  ask(id);
  now.mono += kStatusAge;
  EXPECT_TRUE(counts(id));
  now.mono += 1ms;
  EXPECT_FALSE(counts(id)) << "nobody knows whether it still holds";
  kept.read(kept.begin(now.mono), "1");
  EXPECT_TRUE(counts(id)) << "one reading confirms all";
}

TEST_F(KeptOcsp, EndsWithTheVersionOfTheInventory) {
  ask(id);
  kept.read(kept.begin(now.mono), "2");
  EXPECT_FALSE(counts(id));
  EXPECT_EQ(kept.figures().answers, 0U);
  EXPECT_EQ(kept.figures().bytes, 0U);
}

TEST_F(KeptOcsp, CountsNotAfterAChangeWasAnnouncedUntilItIsConfirmedAnew) {
  ask(id);
  kept.forget();
  EXPECT_FALSE(counts(id));
  kept.read(kept.begin(now.mono), "1");
  EXPECT_TRUE(counts(id)) << "the change was another's";
}

TEST_F(KeptOcsp, IsNotConfirmedByAReadingFromBeforeTheAnnouncement) {
  ask(id);
  const auto begun_before = kept.begin(now.mono);
  kept.forget();
  kept.read(begun_before, "1");
  EXPECT_FALSE(counts(id));
  kept.keep(id, answer(id), "1", now);
  EXPECT_FALSE(counts(id)) << "nor is an answer kept that goes with it";
}

TEST_F(KeptOcsp, IsNotTakenBackByAReadingThatIsLate) {
  const auto late = kept.begin(now.mono);
  now.mono += 1ms;
  ask(id, "2");
  kept.read(late, "1");
  EXPECT_TRUE(counts(id));
  kept.keep(id_of("0b"), answer(id_of("0b")), "1", now);
  EXPECT_FALSE(counts(id_of("0b"))) << "it is from an older version";
}

TEST_F(KeptOcsp, IsForgottenWhenTheDatabaseCannotBeRead) {
  ask(id);
  kept.read(kept.begin(now.mono), std::nullopt);
  EXPECT_FALSE(counts(id));
  EXPECT_EQ(kept.figures().answers, 0U);
}

TEST_F(KeptOcsp, EndsAfterItsTimeAndWhenTheClockIsSetBack) {
  ask(id);
  now.wall += 111s;
  EXPECT_TRUE(counts(id));
  now.wall += 1s;
  EXPECT_FALSE(counts(id));
  now.wall = kNow - 1s;
  EXPECT_FALSE(counts(id));
}

TEST_F(KeptOcsp, IsKeptForASmallPartOfItsValidity) {
  EXPECT_EQ(ocsp_kept_for(crypto::kMaxStapleAge), 112s);
  EXPECT_EQ(ocsp_kept_for(24h), kMaxOcspKept);
}

TEST_F(KeptOcsp, IsOfOneDelegateAndOneFormOfTheId) {
  ask(id);
  const auto next = make_signer();
  EXPECT_EQ(kept.find(id, *next, now), nullptr);
  EXPECT_FALSE(counts(id_of("0a", 88))) << "the answer would repeat another id";
  ask(id_of("0a", 88));
  EXPECT_TRUE(counts(id_of("0a", 88)));
  EXPECT_EQ(kept.figures().answers, 1U) << "forms of one id share a place";
}

TEST_F(KeptOcsp, KeepsNothingAboutWhatWasNeverIssuedHoweverManyAreAskedFor) {
  for (int i = 0; i < 1000; ++i) {
    const auto random = id_of(std::to_string(i));
    kept.read(kept.begin(now.mono), "1");
    kept.keep(random, answer(random, OcspStatus::Kind::unknown), "1", now);
  }
  EXPECT_EQ(kept.figures().answers, 0U);
}

TEST_F(KeptOcsp, KeepsNoAnswerThatSomebodyMadeLarge) {
  ask(id_of("0a", kMaxKeptOcspId));
  EXPECT_EQ(kept.figures().answers, 1U);
  ask(id_of("0b", kMaxKeptOcspId + 1));
  EXPECT_EQ(kept.figures().answers, 1U);
}

TEST_F(KeptOcsp, StopsAtItsBoundAndKeepsWhatItHas) {
  for (std::size_t i = 0; i < kMaxKeptOcspAnswers + 100; ++i) ask(id_of(std::to_string(i)));
  EXPECT_EQ(kept.figures().answers, kMaxKeptOcspAnswers);
  EXPECT_TRUE(counts(id_of("0"))) << "who comes later drives nobody out";
  EXPECT_FALSE(counts(id_of(std::to_string(kMaxKeptOcspAnswers))));
  now.wall += 112s;
  now.mono += 112s;
  ask(id);
  EXPECT_EQ(kept.figures().answers, 1U) << "those past their time made room";
}

TEST_F(KeptOcsp, StopsAtItsBoundInBytes) {
  for (int i = 0; i < 40; ++i) {
    const auto one = id_of(std::to_string(i));
    auto large = answer(one);
    large.body.assign(std::size_t{1} << 20, 'x');
    kept.read(kept.begin(now.mono), "1");
    kept.keep(one, std::move(large), "1", now);
  }
  EXPECT_LE(kept.figures().bytes, kMaxKeptOcspBytes);
  EXPECT_EQ(kept.figures().answers, 31U);
}

}  // namespace
}  // namespace rap::control
