#include "crypto/tokens/jws.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/testing/vectors.hpp"

namespace rap::crypto {
namespace {

// A token with any header, signed with the real key.
std::string token_with(const PrivateKey& key, std::string_view header, std::string_view payload) {
  std::string out = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(payload));
  return out + "." + to_base64url(sign(key, as_bytes(out)));
}

class EveryAlgorithm : public testing::TestWithParam<KeyType> {};
INSTANTIATE_TEST_SUITE_P(Jws, EveryAlgorithm, testing::Values(KeyType::p256, KeyType::ed25519));

TEST_P(EveryAlgorithm, VerifiesWhatItSigned) {
  const PrivateKey key = PrivateKey::generate(GetParam());
  const std::vector<VerificationKey> keys = {
      {"other", PrivateKey::generate(GetParam()).public_key()}, {"k1", key.public_key()}};
  const std::string token = sign_jws(key, "k1", "t+jwt", R"({"a":1})");
  EXPECT_EQ(verify_jws(token, "t+jwt", keys), R"({"a":1})");
  EXPECT_EQ(verify_jws(token, "other+jwt", keys).error(), JwsFault::wrong_type);
  EXPECT_EQ(verify_jws(token, "", keys).error(), JwsFault::wrong_type);
  EXPECT_EQ(verify_jws(token, "t+jwt", {}).error(), JwsFault::unknown_key);
  EXPECT_EQ(verify_jws(token, "t+jwt", {keys[0]}).error(), JwsFault::unknown_key);
  EXPECT_EQ(verify_jws(token, "t+jwt", {{"k1", keys[0].key}}).error(), JwsFault::bad_signature);
}

struct Jws : testing::Test {
  PrivateKey key = PrivateKey::generate(KeyType::ed25519);
  std::vector<VerificationKey> keys = {{"k", key.public_key()}};

  JwsFault fault_of_header(std::string_view header) {
    const auto result = verify_jws(token_with(key, header, "{}"), "t", keys);
    EXPECT_FALSE(result) << header;
    return result ? JwsFault::bad_signature : result.error();
  }
};

TEST_F(Jws, TheKeyDecidesTheAlgorithmAndTheHeaderNever) {
  ASSERT_TRUE(
      verify_jws(token_with(key, R"({"alg":"EdDSA","kid":"k","typ":"t"})", "{}"), "t", keys));
  for (const char* alg : {"ES256", "none", "None", "NONE", "HS256", "RS256", "PS256", "ES384",
                          "eddsa", "Ed25519", " EdDSA"}) {
    EXPECT_EQ(fault_of_header(std::string(R"({"alg":")") + alg + R"(","kid":"k","typ":"t"})"),
              JwsFault::wrong_algorithm)
        << alg;
  }
}

TEST_F(Jws, RefusesEveryOtherHeaderMember) {
  for (const char* member :
       {R"("crit":["exp"])", R"("b64":false)", R"("jwk":{"kty":"OKP"})", R"("jku":"https://x")",
        R"("x5c":["AA"])", R"("x5u":"https://x")", R"("cty":"x")", R"("zip":"DEF")", R"("x":1)"}) {
    EXPECT_EQ(fault_of_header(R"({"alg":"EdDSA","kid":"k","typ":"t",)" + std::string(member) + "}"),
              JwsFault::malformed)
        << member;
  }
}

TEST_F(Jws, RefusesAHeaderThatIsNotOneStrictObject) {
  for (const char* header :
       {R"({"alg":"EdDSA","alg":"EdDSA","kid":"k","typ":"t"})",
        R"({"alg":"none","alg":"EdDSA","kid":"k","typ":"t"})", R"({"kid":"k","typ":"t"})",
        R"({"alg":null,"kid":"k","typ":"t"})", R"({"alg":"EdDSA","kid":1,"typ":"t"})",
        R"({"alg":"EdDSA","kid":"k","typ":""})", R"(["EdDSA"])", R"("EdDSA")", "", "{}", "{",
        R"({"alg":"EdDSA","kid":"k","typ":"t"} )"
        "x"}) {
    EXPECT_EQ(fault_of_header(header), JwsFault::malformed) << header;
  }
}

TEST_F(Jws, NeedsThreePartsOfStrictBase64Url) {
  const std::string token = sign_jws(key, "k", "t", "{}");
  ASSERT_TRUE(verify_jws(token, "t", keys));
  const std::size_t dot = token.find('.');
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("..."), token + ".",
        "." + token, token + "=", token + " ", " " + token, token + "\n",
        token.substr(0, token.rfind('.')), token.substr(0, token.rfind('.') + 1), token.substr(dot),
        token.substr(0, dot) + token.substr(dot + 1), std::string(token).insert(dot, "="),
        token + "." + token}) {
    const auto result = verify_jws(bad, "t", keys);
    ASSERT_FALSE(result) << bad;
    EXPECT_TRUE(result.error() == JwsFault::malformed || result.error() == JwsFault::bad_signature);
  }
}

TEST_F(Jws, IsBoundedInSize) {
  std::string payload;
  std::string token;
  while ((token = sign_jws(key, "k", "t", payload)).size() < kMaxJwsBytes - 1) {
    payload.append((kMaxJwsBytes - token.size()) * 3 / 4, 'x');
  }
  EXPECT_LE(token.size(), kMaxJwsBytes);
  EXPECT_EQ(verify_jws(token, "t", keys), payload);
  token = sign_jws(key, "k", "t", payload + "xxx");
  EXPECT_GT(token.size(), kMaxJwsBytes);
  EXPECT_EQ(verify_jws(token, "t", keys).error(), JwsFault::malformed);
}

// The key of a group, when it is one we accept for verification. SubjectPublicKeyInfo of P-256 is a
// constant and then the point (RFC 5480).
std::vector<VerificationKey> keys_of(const nlohmann::json& group) {
  constexpr std::string_view kSpki = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
  if (!group.contains("public")) return {};
  const auto& jwk = group["public"];
  if (jwk["kty"] != "EC" || jwk["crv"] != "P-256") return {};
  if (jwk.value("use", "sig") != "sig") return {};
  if (jwk.contains("key_ops") &&
      std::ranges::find(jwk["key_ops"], "verify") == jwk["key_ops"].end()) {
    return {};
  }
  const Bytes x = *from_base64url(jwk["x"].get<std::string>());
  const Bytes y = *from_base64url(jwk["y"].get<std::string>());
  Bytes der = *from_hex(std::string(kSpki) + to_hex(x) + to_hex(y));
  return {{jwk["kid"], *PublicKey::from_pem(encode_pem("PUBLIC KEY", der))}};
}

TEST(WycheproofVectors, JsonWebSignatures) {
  const auto p256 = PrivateKey::generate(KeyType::p256).public_key();
  int cases = 0;
  int accepted = 0;
  const auto file = load_vectors("wycheproof/json_web_signature_test.json");
  for (const auto& group : file["testGroups"]) {
    auto keys = keys_of(group);
    const bool ours = !keys.empty();
    // HMAC, RSA and other curves: refused even where a key of ours bears the same name.
    if (!ours && group.contains("public")) keys = {{group["public"].value("kid", ""), p256}};
    for (const auto& test : group["tests"]) {
      ++cases;
      const std::string token =
          test["jws"].is_string() ? test["jws"].get<std::string>() : test["jws"].dump();
      const bool expected = ours && test["result"] == "valid";
      EXPECT_EQ(verify_jws(token, "", keys).has_value(), expected)
          << test["tcId"] << " " << test["comment"];
      accepted += expected;
    }
  }
  EXPECT_EQ(cases, 401);
  EXPECT_EQ(accepted, 2);
}

}  // namespace
}  // namespace rap::crypto
