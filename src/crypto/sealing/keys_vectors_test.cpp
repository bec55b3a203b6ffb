// Wycheproof: ECDSA P-256 with SHA-256 in the fixed form, Ed25519, X25519.
#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/sealing/noise.hpp"
#include "crypto/testing/vectors.hpp"

namespace rap::crypto {
namespace {

void run_signatures(const std::string& name, int expected_cases) {
  int cases = 0;
  const auto file = load_vectors(name);
  for (const auto& group : file["testGroups"]) {
    const auto key = PublicKey::from_pem(group["publicKeyPem"].get<std::string>());
    ASSERT_TRUE(key);
    for (const auto& test : group["tests"]) {
      ++cases;
      EXPECT_EQ(verify(*key, hex_bytes(test["msg"]), hex_bytes(test["sig"])),
                test["result"] == "valid")
          << test["tcId"] << " " << test["comment"];
    }
  }
  EXPECT_EQ(cases, expected_cases);
}

TEST(WycheproofVectors, EcdsaP256InTheFixedForm) {
  run_signatures("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 262);
}

TEST(WycheproofVectors, Ed25519) { run_signatures("wycheproof/ed25519_test.json", 151); }

template <std::size_t N>
std::array<std::uint8_t, N> fixed(const Bytes& b) {
  EXPECT_EQ(b.size(), N);
  std::array<std::uint8_t, N> out{};
  std::ranges::copy(b, out.begin());
  return out;
}

// "Acceptable" covers points of the twist and encodings that are not canonical, which RFC 7748
// computes, and points of small order, which we refuse.
TEST(WycheproofVectors, X25519) {
  int cases = 0;
  int refused = 0;
  const auto file = load_vectors("wycheproof/x25519_test.json");
  for (const auto& group : file["testGroups"]) {
    for (const auto& test : group["tests"]) {
      ++cases;
      const auto shared =
          x25519(fixed<32>(hex_bytes(test["private"])), fixed<32>(hex_bytes(test["public"])));
      const auto& flags = test["flags"];
      if (std::ranges::find(flags, "ZeroSharedSecret") != flags.end()) {
        ++refused;
        EXPECT_FALSE(shared) << test["tcId"];
      } else {
        ASSERT_TRUE(shared) << test["tcId"];
        EXPECT_EQ(to_hex(*shared), test["shared"].get<std::string>()) << test["tcId"];
      }
    }
  }
  EXPECT_EQ(cases, 518);
  EXPECT_EQ(refused, 31);
}

}  // namespace
}  // namespace rap::crypto
