#include "crypto/tokens/data_plane_token.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"

namespace rap::crypto {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow = from_unix(1'800'000'000);

struct Token : testing::Test {
  DataPlaneToken token() {
    ClientKey flow_key;
    rng.fill(flow_key);
    return {.id = TokenId::random(rng),
            .cluster = cluster,
            .session = SessionId::random(rng),
            .attachment = AttachmentId::random(rng),
            .user = UserId::random(rng),
            .auth_epoch = rng.below(1000),
            .device = rng.below(2) == 0 ? DeviceId{} : DeviceId::random(rng),
            .organization = OrganizationId::random(rng),
            .resource = ResourceId::random(rng),
            .egress_pool = EgressPoolId::random(rng),
            .entry = NodeId::random(rng),
            .classes = {wire::TrafficClass::input, wire::TrafficClass::file_transfer},
            .session_began = kNow - seconds(rng.below(1000)),
            .issued_at = kNow,
            .expires_at = kNow + kMaxTokenLifetime,
            .flow_key = flow_key};
  }
  std::string sign_claims(const std::string& claims) {
    return sign_jws(key, "k", "rap-dp+jwt", claims);
  }
  nlohmann::json claims_of(const DataPlaneToken& t) {
    return nlohmann::json::parse(*verify_jws(sign_token(t, key, "k"), "rap-dp+jwt", keys));
  }
  std::expected<DataPlaneToken, TokenFault> check(const std::string& text, WallTime now = kNow) {
    return verify_token(text, keys, cluster, now);
  }
  TokenFault fault_of(const std::string& text, WallTime now = kNow) {
    const auto result = check(text, now);
    EXPECT_FALSE(result) << text;
    return result ? TokenFault::unknown_key : result.error();
  }

  SeededRandom rng{1};
  ClusterId cluster = ClusterId::random(rng);
  PrivateKey key = PrivateKey::generate(KeyType::ed25519);
  std::vector<VerificationKey> keys = {{"k", key.public_key()}};
};

TEST_F(Token, CarriesEveryField) {
  for (int i = 0; i < 50; ++i) {
    DataPlaneToken t = i % 2 == 0 ? token() : token();
    t.classes = *wire::TrafficClassSet::from_bits(static_cast<std::uint16_t>(1 + rng.below(2047)));
    EXPECT_EQ(check(sign_token(t, key, "k")), t);
  }
}

TEST_F(Token, LivesFromItsIssueToJustBeforeItsExpiry) {
  const std::string text = sign_token(token(), key, "k");
  EXPECT_TRUE(check(text, kNow + kMaxTokenLifetime + kTokenClockSkew - seconds(1)));
  EXPECT_EQ(fault_of(text, kNow + kMaxTokenLifetime + kTokenClockSkew), TokenFault::expired);
  EXPECT_TRUE(check(text, kNow - kTokenClockSkew));
  EXPECT_EQ(fault_of(text, kNow - kTokenClockSkew - seconds(1)), TokenFault::not_yet_valid);
}

TEST_F(Token, LivesNoLongerThanTheMaximum) {
  DataPlaneToken t = token();
  t.expires_at += seconds(1);
  EXPECT_EQ(fault_of(sign_token(t, key, "k")), TokenFault::expired);
  t.expires_at = t.issued_at;
  EXPECT_EQ(fault_of(sign_token(t, key, "k")), TokenFault::malformed);
}

TEST_F(Token, ThatWasIssuedBeforeItsSessionBeganIsNone) {
  DataPlaneToken t = token();
  t.session_began = t.issued_at;
  EXPECT_TRUE(check(sign_token(t, key, "k")));
  t.session_began += seconds(1);
  EXPECT_EQ(fault_of(sign_token(t, key, "k")), TokenFault::malformed);
}

TEST_F(Token, IsForOneClusterAndSignedByAKnownKey) {
  DataPlaneToken t = token();
  t.cluster = ClusterId::random(rng);
  EXPECT_EQ(fault_of(sign_token(t, key, "k")), TokenFault::wrong_cluster);
  EXPECT_EQ(fault_of(sign_token(token(), key, "other")), TokenFault::unknown_key);
  const PrivateKey stranger = PrivateKey::generate(KeyType::ed25519);
  EXPECT_EQ(fault_of(sign_token(token(), stranger, "k")), TokenFault::malformed);
  const auto claims = claims_of(token()).dump();
  EXPECT_EQ(fault_of(sign_jws(key, "k", "other+jwt", claims)), TokenFault::malformed);
}

TEST_F(Token, HasExactlyItsMembersOfTheirTypes) {
  const auto good = claims_of(token());
  ASSERT_TRUE(check(sign_claims(good.dump())));
  EXPECT_EQ(good.size(), 16U);
  for (const auto& [name, value] : good.items()) {
    auto missing = good;
    missing.erase(name);
    EXPECT_EQ(fault_of(sign_claims(missing.dump())), TokenFault::malformed) << name;
    for (const nlohmann::json& wrong :
         {nlohmann::json(), nlohmann::json(true), nlohmann::json(-1), nlohmann::json(1.5),
          nlohmann::json("x"), nlohmann::json::array(), nlohmann::json::object(),
          nlohmann::json(std::numeric_limits<std::uint64_t>::max())}) {
      auto changed = good;
      changed[name] = wrong;
      EXPECT_EQ(fault_of(sign_claims(changed.dump())), TokenFault::malformed) << name << wrong;
    }
    const std::string text = good.dump();
    const std::string twice =
        text.substr(0, text.size() - 1) + ",\"" + name + "\":" + value.dump() + "}";
    EXPECT_EQ(fault_of(sign_claims(twice)), TokenFault::malformed) << name;
  }
  auto more = good;
  more["admin"] = true;
  EXPECT_EQ(fault_of(sign_claims(more.dump())), TokenFault::malformed);
}

TEST_F(Token, NamesAtLeastOneClassAndNoneTwice) {
  auto claims = claims_of(token());
  for (const char* classes : {"[]", R"(["input","input"])", R"(["Input"])", R"(["root"])", "[5]"}) {
    claims["classes"] = nlohmann::json::parse(classes);
    EXPECT_EQ(fault_of(sign_claims(claims.dump())), TokenFault::malformed) << classes;
  }
}

TEST_F(Token, NamesTheKeyOfItsClientByExactly32Bytes) {
  auto claims = claims_of(token());
  ASSERT_TRUE(check(sign_claims(claims.dump())));
  for (const std::string& wrong :
       {std::string(), to_base64url(Bytes(31)), to_base64url(Bytes(33)), to_base64(Bytes(32)),
        to_base64url(Bytes(32)) + "=", to_hex(Bytes(32))}) {
    claims["flow_key"] = wrong;
    EXPECT_EQ(fault_of(sign_claims(claims.dump())), TokenFault::malformed) << wrong;
  }
}

// One token, changed in every way a thief or a broken relay may think of.
TEST_F(Token, NoneOfAHundredThousandMutantsIsAccepted) {
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
  const PrivateKey p256 = PrivateKey::generate(KeyType::p256);
  const std::vector<VerificationKey> both = {keys[0], {"p", p256.public_key()}};
  const std::string originals[] = {sign_token(token(), key, "k"), sign_token(token(), p256, "p")};
  int accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    const std::string& original = originals[rng.below(2)];
    std::string text = original;
    for (std::uint64_t changes = 1 + rng.below(3); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = rng.below(text.size());
      const char c = alphabet[rng.below(alphabet.size())];
      switch (rng.below(6)) {
        case 0: text[at] = c; break;
        case 1: text.insert(at, 1, c); break;
        case 2: text.erase(at, 1 + rng.below(3)); break;
        case 3: std::swap(text[at], text[rng.below(text.size())]); break;
        case 4: text.resize(at); break;
        case 5: text[at] = static_cast<char>(rng.next()); break;
      }
    }
    if (text == original) continue;
    if (verify_token(text, both, cluster, kNow)) ++accepted;
  }
  EXPECT_EQ(accepted, 0);
}

// The parts of two good tokens, put together anew.
TEST_F(Token, PartsOfDifferentTokensMakeNoToken) {
  auto parts = [](const std::string& t) {
    const std::size_t a = t.find('.');
    const std::size_t b = t.rfind('.');
    return std::array{t.substr(0, a), t.substr(a + 1, b - a - 1), t.substr(b + 1)};
  };
  const auto one = parts(sign_token(token(), key, "k"));
  const auto two = parts(sign_token(token(), key, "k"));
  EXPECT_EQ(fault_of(one[0] + "." + one[1] + "." + two[2]), TokenFault::malformed);
  EXPECT_EQ(fault_of(one[0] + "." + two[1] + "." + one[2]), TokenFault::malformed);
  EXPECT_EQ(fault_of(one[0] + "." + one[2] + "." + one[1]), TokenFault::malformed);
}

}  // namespace
}  // namespace rap::crypto
