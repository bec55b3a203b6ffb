#include "crypto/keys/keys.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "crypto/keys/pem.hpp"

namespace rap::crypto {
namespace {

class EveryKeyType : public testing::TestWithParam<KeyType> {};
INSTANTIATE_TEST_SUITE_P(Keys, EveryKeyType, testing::Values(KeyType::p256, KeyType::ed25519));

TEST_P(EveryKeyType, SurvivesItsPemForm) {
  const PrivateKey key = PrivateKey::generate(GetParam());
  EXPECT_EQ(key.type(), GetParam());
  const auto again = PrivateKey::from_pem(key.pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->pem(), key.pem());
  const auto public_key = PublicKey::from_pem(key.public_key().pem());
  ASSERT_TRUE(public_key);
  EXPECT_EQ(public_key->type(), GetParam());
  EXPECT_EQ(public_key->spki_sha256(), key.public_key().spki_sha256());
  EXPECT_EQ(again->public_key().spki_sha256(), key.public_key().spki_sha256());
}

TEST_P(EveryKeyType, VerifiesOnlyWhatItSigned) {
  const PrivateKey key = PrivateKey::generate(GetParam());
  const PrivateKey other = PrivateKey::generate(GetParam());
  const Bytes message = to_bytes("a message");
  const Bytes signature = sign(key, message);
  EXPECT_EQ(signature.size(), 64U);
  EXPECT_TRUE(verify(key.public_key(), message, signature));
  EXPECT_FALSE(verify(other.public_key(), message, signature));
  EXPECT_FALSE(verify(key.public_key(), as_bytes("another"), signature));
  EXPECT_TRUE(verify(key.public_key(), {}, sign(key, {})));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Bytes bad = signature;
    bad[i] ^= 0x10;
    EXPECT_FALSE(verify(key.public_key(), message, bad)) << i;
  }
  for (const std::size_t size : {0, 1, 63, 65, 70, 128}) {
    Bytes bad = signature;
    bad.resize(size);
    EXPECT_FALSE(verify(key.public_key(), message, bad)) << size;
  }
}

TEST(Keys, ASignatureOfOneTypeIsNoneOfTheOther) {
  const PrivateKey p256 = PrivateKey::generate(KeyType::p256);
  const PrivateKey ed25519 = PrivateKey::generate(KeyType::ed25519);
  const Bytes message = to_bytes("m");
  EXPECT_FALSE(verify(p256.public_key(), message, sign(ed25519, message)));
  EXPECT_FALSE(verify(ed25519.public_key(), message, sign(p256, message)));
}

TEST(Keys, AreRefusedWithTheWrongLabelTrailingTextOrBrokenBase64) {
  const PrivateKey key = PrivateKey::generate(KeyType::p256);
  const std::string secret = key.pem();
  const std::string open = key.public_key().pem();
  EXPECT_FALSE(PrivateKey::from_pem(open));
  EXPECT_FALSE(PublicKey::from_pem(secret));
  EXPECT_FALSE(PrivateKey::from_pem(""));
  EXPECT_FALSE(PrivateKey::from_pem(secret + secret));
  EXPECT_FALSE(PrivateKey::from_pem(secret + "trailing"));
  EXPECT_FALSE(PrivateKey::from_pem("leading " + secret));
  EXPECT_FALSE(PrivateKey::from_pem(secret.substr(0, secret.size() / 2)));
  EXPECT_TRUE(PrivateKey::from_pem("\n" + secret + "\r\n"));

  std::string damaged = secret;
  damaged[40] = '*';
  EXPECT_FALSE(PrivateKey::from_pem(damaged));
}

TEST(Keys, AreRefusedWithBytesAfterTheirDer) {
  const std::string open = PrivateKey::generate(KeyType::ed25519).public_key().pem();
  Bytes der = *parse_single_pem(open, "PUBLIC KEY");
  EXPECT_TRUE(PublicKey::from_pem(encode_pem("PUBLIC KEY", der)));
  der.push_back(0);
  EXPECT_FALSE(PublicKey::from_pem(encode_pem("PUBLIC KEY", der)));
}

// RFC 8032 §7.1, test 2.
TEST(Ed25519, MatchesTheRfcVector) {
  const auto key = PublicKey::from_raw_ed25519(
      *from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  ASSERT_TRUE(key);
  EXPECT_TRUE(
      verify(*key, *from_hex("72"),
             *from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")));
  EXPECT_EQ(to_hex(key->raw()), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_FALSE(PublicKey::from_raw_ed25519(Bytes(31)));
  EXPECT_FALSE(PublicKey::from_raw_ed25519(Bytes(33)));
}

TEST(Pem, RoundTripsEveryLengthAndRefusesAMutatedFrame) {
  SeededRandom rng(5);
  for (std::size_t n = 1; n < 200; ++n) {
    const Bytes der = rng.bytes(n);
    EXPECT_EQ(parse_single_pem(encode_pem("X", der), "X"), der);
  }
  EXPECT_FALSE(parse_pem("no block here"));
  EXPECT_FALSE(parse_pem("-----BEGIN X-----\nAAAA\n-----END Y-----\n"));
  EXPECT_FALSE(parse_pem("-----BEGIN X-----\n-----END X-----\n"));
  EXPECT_FALSE(parse_pem("-----BEGIN X-----\nAAAA\n"));
  EXPECT_FALSE(parse_pem(std::string(kMaxPemBytes + 1, 'x')));
}

}  // namespace
}  // namespace rap::crypto
