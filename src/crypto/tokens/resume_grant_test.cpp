#include "crypto/tokens/resume_grant.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "crypto/tokens/data_plane_token.hpp"

namespace rap::crypto {
namespace {

using wire::TrafficClass;

const WallTime kIssued = from_unix(1'800'000'000);

struct Grants : testing::Test {
  Grants() {
    grant.id = TokenId::random(rng);
    grant.cluster = ClusterId::random(rng);
    grant.session = SessionId::random(rng);
    grant.attachment = AttachmentId::random(rng);
    grant.user = UserId::random(rng);
    grant.auth_epoch = 3;
    grant.organization = OrganizationId::random(rng);
    grant.resource = ResourceId::random(rng);
    grant.egress_pool = EgressPoolId::random(rng);
    grant.classes = {TrafficClass::input, TrafficClass::file_transfer};
    std::ranges::copy(client.public_key().raw(), grant.proof_key.begin());
    rng.fill(grant.flow_key);
    grant.session_began = kIssued - std::chrono::hours{1};
    grant.issued_at = kIssued;
    grant.expires_at = kIssued + std::chrono::hours{8};
    rng.fill(exporter);
  }

  std::string sign() const { return sign_grant(grant, issuer, "k1"); }
  std::expected<ResumeGrant, TokenFault> verify(std::string_view text, WallTime now) const {
    return verify_grant(text, {{"k1", issuer.public_key()}}, grant.cluster, now);
  }
  TokenFault fault(std::string_view text, WallTime now = kIssued) const {
    const auto verified = verify(text, now);
    EXPECT_FALSE(verified);
    return verified ? TokenFault{} : verified.error();
  }
  ResumeTranscript transcript(std::string_view text) const {
    return {text, entry, exporter, first_message};
  }

  SeededRandom rng{1};
  PrivateKey issuer = PrivateKey::generate(KeyType::ed25519);
  PrivateKey client = PrivateKey::generate(KeyType::ed25519);
  ResumeGrant grant;
  NodeId entry = NodeId::random(rng);
  std::array<std::uint8_t, kResumeExporterBytes> exporter{};
  Bytes first_message = Bytes(200, 9);
};

TEST_F(Grants, SayWhatTheyWereSignedWith) {
  const auto verified = verify(sign(), kIssued);
  ASSERT_TRUE(verified);
  EXPECT_EQ(*verified, grant);
}

TEST_F(Grants, AreGoodUntilTheyExpireByAClockThatIsALittleSlow) {
  const std::string text = sign();
  const WallTime last = grant.expires_at + kTokenClockSkew;
  EXPECT_TRUE(verify(text, last - std::chrono::seconds{1}));
  EXPECT_EQ(fault(text, last), TokenFault::expired);
  EXPECT_TRUE(verify(text, grant.issued_at - kTokenClockSkew));
  EXPECT_EQ(fault(text, grant.issued_at - kTokenClockSkew - std::chrono::seconds{1}),
            TokenFault::not_yet_valid);
}

TEST_F(Grants, LastADayAtMost) {
  grant.expires_at = grant.issued_at + kMaxGrantLifetime;
  EXPECT_TRUE(verify(sign(), kIssued));
  grant.expires_at += std::chrono::seconds{1};
  EXPECT_EQ(fault(sign()), TokenFault::expired);
}

TEST_F(Grants, AreOfOneClusterAndOneIssuer) {
  const std::string text = sign();
  EXPECT_EQ(
      verify_grant(text, {{"k1", issuer.public_key()}}, ClusterId::random(rng), kIssued).error(),
      TokenFault::wrong_cluster);
  EXPECT_EQ(verify_grant(text, {{"k2", issuer.public_key()}}, grant.cluster, kIssued).error(),
            TokenFault::unknown_key);
  EXPECT_EQ(verify_grant(text, {{"k1", client.public_key()}}, grant.cluster, kIssued).error(),
            TokenFault::malformed);
}

TEST_F(Grants, AreNoTokensNorTokensGrants) {
  const std::vector<VerificationKey> keys = {{"k1", issuer.public_key()}};
  const auto claims = verify_jws(sign(), "rap-resume+jwt", keys);
  ASSERT_TRUE(claims);
  EXPECT_TRUE(verify(sign_jws(issuer, "k1", "rap-resume+jwt", *claims), kIssued));
  EXPECT_EQ(fault(sign_jws(issuer, "k1", "rap-dp+jwt", *claims)), TokenFault::malformed);

  DataPlaneToken token;
  token.id = grant.id;
  token.cluster = grant.cluster;
  token.session = grant.session;
  token.attachment = grant.attachment;
  token.user = grant.user;
  token.organization = grant.organization;
  token.resource = grant.resource;
  token.egress_pool = grant.egress_pool;
  token.entry = entry;
  token.classes = grant.classes;
  token.session_began = grant.session_began;
  token.issued_at = kIssued;
  token.expires_at = kIssued + kMaxTokenLifetime;
  const auto says = verify_jws(sign_token(token, issuer, "k1"), "rap-dp+jwt", keys);
  ASSERT_TRUE(says);
  const auto as = [&](std::string_view type) {
    return verify_token(sign_jws(issuer, "k1", type, *says), keys, grant.cluster, kIssued);
  };
  EXPECT_TRUE(as("rap-dp+jwt"));
  EXPECT_FALSE(as("rap-resume+jwt"));
}

TEST_F(Grants, HaveTheseClaimsAndNoOther) {
  const std::string text = sign();
  const auto first = text.find('.') + 1;
  const auto payload = from_base64url(text.substr(first, text.rfind('.') - first));
  ASSERT_TRUE(payload);
  const auto claims = nlohmann::json::parse(as_text(*payload));
  const auto resigned = [&](const nlohmann::json& changed) {
    return sign_jws(issuer, "k1", "rap-resume+jwt", changed.dump());
  };
  EXPECT_TRUE(verify(resigned(claims), kIssued));
  for (const auto& [name, value] : claims.items()) {
    auto without = claims;
    without.erase(name);
    EXPECT_EQ(fault(resigned(without)), TokenFault::malformed) << name;
  }
  auto more = claims;
  more["aud"] = "x";
  EXPECT_EQ(fault(resigned(more)), TokenFault::malformed);
  for (const char* key : {"proof_key", "flow_key"}) {
    auto shorter = claims;
    shorter[key] = to_base64url(Bytes(31));
    EXPECT_EQ(fault(resigned(shorter)), TokenFault::malformed) << key;
  }
}

TEST_F(Grants, AProofHoldsForOneConnectionOneEntryAndOneRequest) {
  const std::string text = sign();
  const Bytes proof = make_resume_proof(client, transcript(text));
  ASSERT_EQ(proof.size(), kResumeProofBytes);
  EXPECT_TRUE(verify_resume_proof(grant, transcript(text), proof));

  auto other = transcript(text);
  other.entry = NodeId::random(rng);
  EXPECT_FALSE(verify_resume_proof(grant, other, proof));
  other = transcript(text);
  auto connection = exporter;
  connection[0] ^= 1;
  other.exporter = connection;
  EXPECT_FALSE(verify_resume_proof(grant, other, proof)) << "a proof that is replayed elsewhere";
  other = transcript(text);
  other.first_message = ByteView(first_message).first(199);
  EXPECT_FALSE(verify_resume_proof(grant, other, proof));
  grant.attachment = AttachmentId::random(rng);
  const std::string another = sign();
  EXPECT_FALSE(verify_resume_proof(grant, transcript(another), proof));
}

TEST_F(Grants, AreOfNoUseToWhoeverLacksTheKey) {
  const std::string text = sign();
  const PrivateKey thief = PrivateKey::generate(KeyType::ed25519);
  EXPECT_FALSE(
      verify_resume_proof(grant, transcript(text), make_resume_proof(thief, transcript(text))));
  EXPECT_FALSE(verify_resume_proof(grant, transcript(text), Bytes(kResumeProofBytes)));
  EXPECT_FALSE(verify_resume_proof(grant, transcript(text), {}));
}

TEST_F(Grants, AConnectionWithoutAnExporterProvesNothing) {
  const std::string text = sign();
  auto none = transcript(text);
  none.exporter = {};
  EXPECT_FALSE(verify_resume_proof(grant, none, make_resume_proof(client, none)));
}

}  // namespace
}  // namespace rap::crypto
