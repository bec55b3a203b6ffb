#include "crypto/keys/password.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::crypto {
namespace {

TEST(Password, MatchesOnlyItself) {
  SeededRandom rng(1);
  const std::string hash = hash_password("correct horse", rng);
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_TRUE(check_password("correct horse", hash));
  EXPECT_FALSE(check_password("correct horsE", hash));
  EXPECT_FALSE(check_password("", hash));
  EXPECT_FALSE(check_password(std::string("correct horse\0", 14), hash));
}

TEST(Password, IsSaltedAnewEachTime) {
  SeededRandom rng(1);
  EXPECT_NE(hash_password("same", rng), hash_password("same", rng));
}

TEST(Password, NoMalformedHashMatches) {
  SeededRandom rng(1);
  const std::string hash = hash_password("p", rng);
  const std::string other_kind = "$argon2i" + hash.substr(9);
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("$argon2id$"), hash.substr(0, hash.size() - 1),
        hash + "A", hash + '\0', other_kind, std::string(10'000, '$')}) {
    EXPECT_FALSE(check_password("p", bad)) << bad;
  }
}

TEST(Password, IsBoundedInLength) {
  SeededRandom rng(1);
  const std::string longest(kMaxPasswordBytes, 'x');
  EXPECT_TRUE(check_password(longest, hash_password(longest, rng)));
  EXPECT_EQ(hash_password(longest + "x", rng), "");
  EXPECT_FALSE(check_password(longest + "x", ""));
}

TEST(Passphrase, GivesTheKeyOfItsSaltAndNoOther) {
  const Bytes salt(kPassphraseSalt, 1);
  const Bytes other(kPassphraseSalt, 2);
  EXPECT_EQ(key_of_passphrase("a passphrase", salt), key_of_passphrase("a passphrase", salt));
  EXPECT_NE(key_of_passphrase("a passphrase", salt), key_of_passphrase("a passphrase", other));
  EXPECT_NE(key_of_passphrase("a passphrase", salt), key_of_passphrase("a passphrasE", salt));
}

}  // namespace
}  // namespace rap::crypto
