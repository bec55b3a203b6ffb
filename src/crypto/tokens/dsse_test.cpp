#include "crypto/tokens/dsse.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "crypto/testing/vectors.hpp"
#include "crypto/tokens/hash_tree.hpp"

namespace rap::crypto {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kType = "application/x";

struct Envelope : testing::Test {
  EnvelopeFault fault_of(const std::string& text, std::string_view type = kType) {
    const auto result = open_envelope(text, type, keys);
    EXPECT_FALSE(result) << text;
    return result ? EnvelopeFault::malformed : result.error();
  }

  PrivateKey key = PrivateKey::generate(KeyType::ed25519);
  std::vector<VerificationKey> keys = {{"k", key.public_key()}};
  Bytes payload = to_bytes(R"({"a":1})");
  std::string good = seal_envelope(key, "k", kType, payload);
};

TEST_F(Envelope, OpensWhatWasSealed) {
  EXPECT_EQ(open_envelope(good, kType, keys), payload);
  const PrivateKey p256 = PrivateKey::generate(KeyType::p256);
  EXPECT_EQ(open_envelope(seal_envelope(p256, "p", kType, {}), kType,
                          {keys[0], {"p", p256.public_key()}}),
            Bytes());
}

TEST_F(Envelope, IsRefusedForAnotherTypeOrKey) {
  EXPECT_EQ(fault_of(good, "application/y"), EnvelopeFault::wrong_type);
  EXPECT_EQ(open_envelope(good, kType, {}).error(), EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(open_envelope(good, kType, {{"other", key.public_key()}}).error(),
            EnvelopeFault::no_trusted_signature);
  const auto stranger = PrivateKey::generate(KeyType::ed25519).public_key();
  EXPECT_EQ(open_envelope(good, kType, {{"k", stranger}}).error(),
            EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(open_envelope(good, kType, keys, 0).error(), EnvelopeFault::no_trusted_signature);
}

TEST_F(Envelope, TheTypeIsPartOfWhatIsSigned) {
  Json swapped = Json::parse(good);
  swapped["payloadType"] = "application/y";
  EXPECT_EQ(fault_of(swapped.dump(), "application/y"), EnvelopeFault::no_trusted_signature);
}

TEST_F(Envelope, SkipsSignaturesOfUnknownKeys) {
  Json many = Json::parse(good);
  const Json unknown = {{"keyid", "?"}, {"sig", "AAAA"}};
  many["signatures"].insert(many["signatures"].begin(), unknown);
  EXPECT_EQ(open_envelope(many.dump(), kType, keys), payload);
}

TEST_F(Envelope, BoundsItsSignaturesAndItsSize) {
  Json many = Json::parse(good);
  while (many["signatures"].size() < kMaxEnvelopeSignatures) {
    many["signatures"].push_back(many["signatures"][0]);
  }
  EXPECT_TRUE(open_envelope(many.dump(), kType, keys));
  many["signatures"].push_back(many["signatures"][0]);
  EXPECT_EQ(fault_of(many.dump()), EnvelopeFault::malformed);
  std::string padded = good;
  padded.append(kMaxEnvelopeBytes - padded.size(), ' ');
  EXPECT_TRUE(open_envelope(padded, kType, keys));
  EXPECT_FALSE(open_envelope(padded + " ", kType, keys));
}

TEST_F(Envelope, RefusesMissingDuplicateAndMistypedMembers) {
  for (const char* name : {"payload", "payloadType", "signatures"}) {
    Json bad = Json::parse(good);
    bad.erase(name);
    EXPECT_EQ(fault_of(bad.dump()), EnvelopeFault::malformed) << name;
    bad[name] = 1;
    EXPECT_EQ(fault_of(bad.dump()), EnvelopeFault::malformed) << name;
    const std::string twice = good.substr(0, good.size() - 1) + ",\"" + name +
                              "\":" + Json::parse(good)[name].dump() + "}";
    EXPECT_EQ(fault_of(twice), EnvelopeFault::malformed) << name;
  }
  for (const char* signatures : {"[]", "[1]", "[{}]", R"([{"sig":1}])", R"([{"sig":"*"}])",
                                 R"([{"sig":"AAAA","keyid":1}])"}) {
    Json bad = Json::parse(good);
    bad["signatures"] = Json::parse(signatures);
    EXPECT_EQ(fault_of(bad.dump()), EnvelopeFault::malformed) << signatures;
  }
}

TEST_F(Envelope, NoMutantOfThePayloadIsAccepted) {
  SeededRandom rng(1);
  const Json original = Json::parse(good);
  for (int i = 0; i < 10'000; ++i) {
    Json bad = original;
    auto& text = bad["payload"].get_ref<std::string&>();
    text[rng.below(text.size())] = "ABCDabcd0189+/"[rng.below(14)];
    const auto result = open_envelope(bad.dump(), kType, keys);
    EXPECT_EQ(result.has_value(), bad == original);
  }
}

TEST(DsseVectors, EveryCase) {
  const Json file = load_vectors("dsse/vectors.json");
  int cases = 0;
  for (const auto& test : file["vectors"]) {
    ++cases;
    std::vector<VerificationKey> keys;
    for (const std::string name : test["trustedKeys"]) {
      keys.push_back({name, *PublicKey::from_raw_ed25519(hex_bytes(file["keys"][name]["public"]))});
    }
    bool accepted = false;
    for (const std::string type : test["supportedPayloadTypes"]) {
      const auto payload =
          open_envelope(test["envelope"].dump(), type, keys, test["threshold"].get<std::size_t>());
      if (!payload) continue;
      accepted = true;
      EXPECT_EQ(to_hex(pre_auth_encoding(type, *payload)), test["pae"].get<std::string>());
    }
    EXPECT_EQ(accepted, test["expect"] == "accept") << test["id"];
  }
  EXPECT_EQ(cases, 9);
}

// --- many with one signature

struct SignedTogether : Envelope {
  std::string envelope_of(std::size_t i, std::string_view type = kType) const {
    return Json{{"payload", to_base64(as_bytes(payloads[i]))},
                {"payloadType", type},
                {"signatures", Json::parse(signatures[i])}}
        .dump();
  }
  std::string with(const char* member, const Json& value) const {
    Json changed = Json::parse(envelope_of(3));
    changed["signatures"][0]["tree"][member] = value;
    return changed.dump();
  }

  std::vector<std::string> payloads = {"a", "b", "c", "d", "e"};
  std::vector<std::string> signatures = sign_together(key, "k", kType, payloads);
};

TEST_F(SignedTogether, EachOpensByItself) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    EXPECT_EQ(open_envelope(envelope_of(i), kType, keys), to_bytes(payloads[i]));
    EXPECT_TRUE(
        check_envelope(kType, as_bytes(payloads[i]), wire::JsonValue::of(signatures[i]), keys));
  }
  EXPECT_EQ(Json::parse(signatures[0])[0]["sig"], Json::parse(signatures[4])[0]["sig"]);
  EXPECT_TRUE(sign_together(key, "k", kType, {}).empty());
}

// The key of RFC 8410, section 10.3; hashes and signature were made by other programs.
TEST_F(SignedTogether, LooksTheSameWhoeverSigns) {
  const auto known = PrivateKey::from_pem(
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
      "-----END PRIVATE KEY-----\n");
  ASSERT_TRUE(known);
  const std::vector<std::string> three = {"a", "b", "c"};
  EXPECT_EQ(
      sign_together(*known, "k", kType, three)[1],
      R"([{"keyid":"k","sig":"QMnDDFYxRQPPzeLXMbbWLuQwIgyCWOBO9Q8Jer9nDAe/a9j80HTfOrOKAOTPxs3N)"
      R"(CduHeCyWk1f6Tx4e4dqkCg==","tree":{"index":1,"path":"dUID4uwOGakogWXp7Ad4BW/BECSWbal7)"
      R"(gw+51iG6Hkv9AovD0qVoSGcACRI0JPUSN8Y1F4kFMTWnfUnWLYQMPA==","size":3}}])");
}

TEST_F(SignedTogether, NoneIsTakenForAnotherOrForAnotherType) {
  std::swap(signatures[0], signatures[1]);
  EXPECT_EQ(fault_of(envelope_of(0)), EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(fault_of(envelope_of(2, "application/y"), "application/y"),
            EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(check_envelope(kType, as_bytes("a"), wire::JsonValue::of(signatures[0]), keys).error(),
            EnvelopeFault::no_trusted_signature);
}

TEST_F(SignedTogether, AnotherPlaceInTheTreeIsNotSigned) {
  EXPECT_EQ(fault_of(with("index", 2)), EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(fault_of(with("index", 5)), EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(fault_of(with("size", 9)), EnvelopeFault::no_trusted_signature);
  EXPECT_EQ(fault_of(with("path", "")), EnvelopeFault::no_trusted_signature);
}

TEST_F(SignedTogether, APlaceThatIsNoneIsMalformed) {
  EXPECT_EQ(fault_of(with("index", -1)), EnvelopeFault::malformed);
  EXPECT_EQ(fault_of(with("size", "5")), EnvelopeFault::malformed);
  EXPECT_EQ(fault_of(with("path", "AAAA")), EnvelopeFault::malformed);
  EXPECT_EQ(fault_of(with("path", to_base64(Bytes((kMaxTreePath + 1) * sizeof(Sha256))))),
            EnvelopeFault::malformed);
  EXPECT_EQ(check_envelope(kType, payload, wire::JsonValue::of("[]"), keys).error(),
            EnvelopeFault::malformed);
}

TEST_F(SignedTogether, ThePayloadOfATreeOfOneIsNotTheRootItself) {
  const std::vector<std::string> one = {"a"};
  Json alone = Json::parse(sign_together(key, "k", kType, one)[0]);
  alone[0].erase("tree");
  EXPECT_FALSE(check_envelope(kType, as_bytes("a"), wire::JsonValue(alone), keys));
}

TEST_F(SignedTogether, WhoChecksSignaturesIsAskedAboutTheRoot) {
  std::set<Bytes> asked;
  const SignatureCheck check = [&](const PublicKey& by, ByteView message, ByteView signature) {
    asked.emplace(message.begin(), message.end());
    return verify(by, message, signature);
  };
  EXPECT_TRUE(open_envelope(envelope_of(0), kType, keys, 1, check));
  EXPECT_TRUE(open_envelope(envelope_of(4), kType, keys, 1, check));
  EXPECT_EQ(asked.size(), 1U);
}

}  // namespace
}  // namespace rap::crypto
