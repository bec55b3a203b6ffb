#include "crypto/keys/digest.hpp"

#include <gtest/gtest.h>

namespace rap::crypto {
namespace {

// FIPS 180-4 examples.
TEST(Sha256, MatchesTheStandardsExamples) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(as_bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, OfPartsIsThatOfAllOfThemTogether) {
  const auto a = as_bytes("a");
  EXPECT_EQ(sha256_of({a, {}, as_bytes("bc")}), sha256(as_bytes("abc")));
  EXPECT_EQ(sha256_of({}), sha256({}));
}

TEST(EqualConstantTime, ComparesContentAndLength) {
  EXPECT_TRUE(equal_constant_time({}, {}));
  EXPECT_TRUE(equal_constant_time(as_bytes("secret"), as_bytes("secret")));
  EXPECT_FALSE(equal_constant_time(as_bytes("secret"), as_bytes("secreT")));
  EXPECT_FALSE(equal_constant_time(as_bytes("secret"), as_bytes("secre")));
}

}  // namespace
}  // namespace rap::crypto
