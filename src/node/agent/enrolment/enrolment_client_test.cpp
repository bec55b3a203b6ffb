#include "node/agent/enrolment/enrolment_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "crypto/testing/pki.hpp"
#include "node/agent/enrolment/node_identity.hpp"
#include "node/agent/test_node_files.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::agent {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

// The machine and its two neighbours: a state directory, and a control plane that says what the
// test wants it to say.
class EnrolmentTest : public testing::Test {
 protected:
  EnrolmentTest() { token_ = make_token(); }

  wire::JoinToken make_token(std::string secret = "s3cret") {
    return {{{"control.example", 8443}, "/"},
            pki_.root.certificate.fingerprint_hex(),
            pki_.cluster,
            node_,
            std::move(secret)};
  }

  void begin(std::optional<wire::JoinToken> token) {
    auto plan = plan_enrolment(state_, token, addresses_, rng_);
    ASSERT_TRUE(plan) << plan.error();
    machine_.emplace(std::move(*plan), HostFacts{"host", "os", "1"}, rng_);
    step(Begin{});
  }

  // Feeds an event and carries out all that follows from it without the control plane.
  void step(const EnrolmentEvent& event) {
    sent_.reset();
    for (const EnrolmentAction& action : machine_->step({now_, pki_.now}, event)) {
      if (const auto* send = std::get_if<SendEnrolment>(&action)) sent_ = *send;
      if (const auto* say = std::get_if<Say>(&action)) said_ = say->text;
      if (const auto* store = std::get_if<Store>(&action)) {
        StoreResult result;
        for (const FileWrite& file : store->files) {
          if (result) result = state_.write(file);
        }
        step(Stored{result});
      }
    }
  }
  void answer(int status, const json& body) {
    wire::HttpResponse response;
    response.status = status;
    response.body = body.dump();
    step(Answered{response});
  }
  void answer_bundle() { answer(200, {{"ca_ref", "x"}, {"pem", pki_.root.certificate.pem()}}); }
  void wake() {
    ASSERT_TRUE(machine_->next_wakeup());
    now_ = std::max(now_, *machine_->next_wakeup());
    step(Woken{});
  }
  json sent_body() const { return sent_ ? json::parse(sent_->request.body) : json(); }

  json approval(crypto::PublicKey key, NodeId node, ClusterId cluster) {
    const auto leaf =
        crypto::issue_leaf(pki_.intermediate, key, addresses_.node_names(cluster, node),
                           {pki_.now - pki_.day, pki_.now + pki_.day}, rng_);
    const auto config_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    return {{"state", "approved"},
            {"certificate_chain", crypto::chain_pem({leaf, pki_.intermediate.certificate})},
            {"config_keys", {{{"kid", "c1"}, {"public_key_pem", config_key.public_key().pem()}}}},
            {"node_url", "control.example:9091"}};
  }
  crypto::PublicKey requested_key() const {
    return crypto::CertificateRequest::from_pem(machine_->record().csr)->key;
  }
  json good_approval() { return approval(requested_key(), node_, pki_.cluster); }

  void reach_awaiting_approval() {
    begin(token_);
    answer_bundle();
    answer(202, {{"id", kId}, {"state", "pending"}});
    ASSERT_EQ(machine_->stage(), EnrolmentStage::awaiting_approval);
  }

  static constexpr const char* kId = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  crypto::TestPki pki_;
  SeededRandom rng_{7};
  NodeId node_ = NodeId::random(rng_);
  wire::JoinToken token_;
  AdvertisedAddresses addresses_{{"10.0.0.1", 443}, {"node.example", 7443}};
  TestNodeFiles state_;
  MonoTime now_{};
  std::optional<EnrolmentClient> machine_;
  std::optional<SendEnrolment> sent_;
  std::string said_;
};

TEST_F(EnrolmentTest, EndsWithAnIdentityOnDisk) {
  reach_awaiting_approval();
  EXPECT_EQ(sent_->request.path, std::string("/api/v1/enrolments/") + kId + "/status");
  answer(200, {{"state", "pending"}});
  wake();
  answer(200, good_approval());
  EXPECT_EQ(machine_->stage(), EnrolmentStage::enrolled);
  const auto identity = load_identity(state_);
  ASSERT_TRUE(identity && *identity) << identity.error();
  EXPECT_EQ((*identity)->record.node, node_);
  EXPECT_EQ((*identity)->record.node_url, "control.example:9091");
  EXPECT_EQ((*identity)->config_keys.size(), 1U);
}

TEST_F(EnrolmentTest, AsksForExactlyTheNamesItAdvertises) {
  begin(token_);
  const auto request = crypto::CertificateRequest::from_pem(machine_->record().csr);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->subject, "");
  EXPECT_FALSE(request->asks_other_extensions);
  EXPECT_EQ(request->names.uris, (std::vector{wire::SpiffeId::of_node(pki_.cluster, node_).str()}));
  EXPECT_EQ(request->names.ips, std::vector<std::string>{"10.0.0.1"});
  EXPECT_EQ(request->names.dns, std::vector<std::string>{"node.example"});
}

TEST_F(EnrolmentTest, SendsNoSecretBeforeTheRootIsProven) {
  begin(token_);
  ASSERT_TRUE(sent_);
  EXPECT_FALSE(sent_->root_pem);
  EXPECT_EQ(sent_->request.path, "/api/v1/trust-bundle");
  EXPECT_EQ(sent_->request.body, "");
  answer_bundle();
  ASSERT_TRUE(sent_);
  EXPECT_EQ(sent_->root_pem, pki_.root.certificate.pem());
  EXPECT_EQ(sent_body()["secret"], "s3cret");
}

TEST_F(EnrolmentTest, RefusesAControlPlaneWithAnotherRoot) {
  begin(token_);
  answer(200, {{"pem", crypto::TestPki(99).root.certificate.pem()}});
  EXPECT_EQ(machine_->stage(), EnrolmentStage::refused);
  EXPECT_EQ(machine_->refusal(), EnrolmentRefusal::untrusted_control_plane);
  EXPECT_FALSE(sent_);
}

TEST_F(EnrolmentTest, TrustsOnlyThePinnedRootOfABundleWithMore) {
  begin(token_);
  const std::string stranger = crypto::TestPki(99).root.certificate.pem();
  answer(200, {{"pem", stranger + pki_.root.certificate.pem()}});
  ASSERT_TRUE(sent_);
  EXPECT_EQ(sent_->root_pem, pki_.root.certificate.pem());
}

TEST_F(EnrolmentTest, ContinuesTheSameEnrolmentAfterACrashAtAnyPoint) {
  begin(token_);
  const std::string csr = machine_->record().csr;
  begin(token_);  // crashed before the first answer
  answer_bundle();
  EXPECT_EQ(sent_body()["csr"], csr);
  begin(token_);  // crashed after the request was sent, before its answer
  answer_bundle();
  EXPECT_EQ(sent_body()["csr"], csr);
  answer(202, {{"id", kId}, {"state", "pending"}});
  begin(std::nullopt);  // crashed while waiting; the join token is no longer needed
  answer_bundle();
  EXPECT_EQ(machine_->stage(), EnrolmentStage::awaiting_approval);
  EXPECT_EQ(sent_body()["poll_secret"], machine_->record().poll_secret);
  answer(200, good_approval());
  EXPECT_EQ(machine_->stage(), EnrolmentStage::enrolled);
}

TEST_F(EnrolmentTest, StartsAnewWithAnotherJoinTokenOrOtherAddresses) {
  begin(token_);
  const std::string csr = machine_->record().csr;
  begin(make_token("another"));
  const std::string second = machine_->record().csr;
  EXPECT_NE(second, csr);
  addresses_.fabric.port = 9;
  begin(make_token("another"));
  EXPECT_NE(machine_->record().csr, second);
}

TEST_F(EnrolmentTest, NeedsAJoinTokenTheFirstTime) {
  const auto plan = plan_enrolment(state_, std::nullopt, addresses_, rng_);
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error(), HasSubstr("--join-token"));
}

TEST_F(EnrolmentTest, AFullDiskLosesNothingAndIsTriedAgain) {
  state_.full = true;
  begin(token_);
  EXPECT_THAT(said_, HasSubstr("No space left on device"));
  EXPECT_FALSE(sent_);
  state_.full = false;
  wake();
  EXPECT_EQ(machine_->stage(), EnrolmentStage::checking_root);
  answer_bundle();
  state_.full = true;
  answer(202, {{"id", kId}, {"state", "pending"}});
  EXPECT_EQ(machine_->stage(), EnrolmentStage::storing_keys);
  state_.full = false;
  wake();
  EXPECT_EQ(machine_->stage(), EnrolmentStage::awaiting_approval);
  state_.full = true;
  answer(200, good_approval());
  EXPECT_EQ(machine_->stage(), EnrolmentStage::storing_identity);
  EXPECT_FALSE(load_identity(state_)->has_value());
  state_.full = false;
  wake();
  EXPECT_EQ(machine_->stage(), EnrolmentStage::enrolled);
  EXPECT_TRUE(load_identity(state_)->has_value());
}

TEST_F(EnrolmentTest, OutlivesAControlPlaneThatIsAway) {
  begin(token_);
  step(Answered{std::unexpected("connection refused")});
  EXPECT_LE(*machine_->next_wakeup(), now_ + kEnrolmentRetryFirst);
  wake();
  answer_bundle();
  answer(503, {{"detail", "The database is away."}});
  EXPECT_THAT(said_, HasSubstr("The database is away."));
  wake();
  answer(429, json());
  wake();
  answer(202, {{"id", kId}, {"state", "pending"}});
  step(Answered{std::unexpected("connection reset")});
  wake();
  EXPECT_EQ(machine_->stage(), EnrolmentStage::awaiting_approval);
  answer(200, good_approval());
  EXPECT_EQ(machine_->stage(), EnrolmentStage::enrolled);
}

TEST_F(EnrolmentTest, KeepsNoRootThatThePinnedOneDoesNotVouchFor) {
  const auto next = crypto::make_root(pki_.cluster, crypto::TestPki::validity, pki_.rng);
  const auto bundle = [&](const crypto::Issuer& signer) {
    return snapshot::seal_trust_bundle({2, pki_.cluster, {pki_.root.certificate, next.certificate}},
                                       {signer});
  };
  reach_awaiting_approval();
  json approved = good_approval();
  approved["trust_bundle"] = next.certificate.pem();
  approved["trust_bundles"] = {bundle(next), "nonsense"};
  answer(200, approved);
  EXPECT_EQ(state_.files[std::string(kTrustBundleFile)], pki_.root.certificate.pem());

  state_ = {};
  machine_.reset();
  reach_awaiting_approval();
  approved = good_approval();
  approved["trust_bundles"] = {bundle(pki_.root)};
  answer(200, approved);
  EXPECT_EQ(state_.files[std::string(kTrustBundleFile)],
            pki_.root.certificate.pem() + next.certificate.pem());
}

TEST_F(EnrolmentTest, AWakeupBeforeItsTimeDoesNothing) {
  begin(token_);
  now_ += seconds(100);
  step(Answered{std::unexpected("connection refused")});
  now_ -= seconds(50);
  step(Woken{});
  EXPECT_FALSE(sent_);
}

TEST_F(EnrolmentTest, SaysWhatToDoWhenTheJoinTokenIsUsedUp) {
  begin(token_);
  answer_bundle();
  answer(409, {{"code", "join_token_used"}, {"detail", "The join token was used."}});
  EXPECT_EQ(machine_->refusal(), EnrolmentRefusal::rejected);
  EXPECT_THAT(machine_->refusal_text(), HasSubstr("The join token was used."));
  EXPECT_THAT(machine_->refusal_text(), HasSubstr("join-tokens create"));
}

TEST_F(EnrolmentTest, EndsWhenItIsDenied) {
  reach_awaiting_approval();
  answer(200, {{"state", "denied"}});
  EXPECT_EQ(machine_->stage(), EnrolmentStage::refused);
  EXPECT_EQ(machine_->refusal(), EnrolmentRefusal::denied);
  step(Woken{});
  EXPECT_FALSE(sent_);
}

TEST_F(EnrolmentTest, StoresNoApprovalThatDoesNotFit) {
  reach_awaiting_approval();
  const auto other_key = crypto::PrivateKey::generate(crypto::KeyType::p256).public_key();
  std::vector<json> bad = {approval(other_key, node_, pki_.cluster),
                           approval(requested_key(), NodeId::random(rng_), pki_.cluster),
                           approval(requested_key(), node_, ClusterId::random(rng_))};
  for (const char* member : {"certificate_chain", "config_keys", "node_url"}) {
    json approval = good_approval();
    approval.erase(member);
    bad.push_back(approval);
    approval[member] = "nonsense";
    bad.push_back(approval);
  }
  // The certificate is of another authority, whose root comes along unsigned.
  crypto::TestPki stranger(99);
  const auto foreign_leaf = crypto::issue_leaf(stranger.intermediate, requested_key(),
                                               addresses_.node_names(pki_.cluster, node_),
                                               {pki_.now - pki_.day, pki_.now + pki_.day}, rng_);
  json foreign = good_approval();
  foreign["certificate_chain"] =
      crypto::chain_pem({foreign_leaf, stranger.intermediate.certificate});
  foreign["trust_bundle"] = stranger.root.certificate.pem();
  bad.push_back(foreign);
  for (const json& body : bad) {
    answer(200, body);
    EXPECT_EQ(machine_->stage(), EnrolmentStage::awaiting_approval) << body;
    EXPECT_FALSE(state_.files.contains(std::string(kChainFile)));
    wake();
  }
  answer(200, good_approval());
  EXPECT_EQ(machine_->stage(), EnrolmentStage::enrolled);
}

TEST_F(EnrolmentTest, PollsLessAndLessOften) {
  reach_awaiting_approval();
  Duration last{};
  for (int i = 0; i < 40; ++i) {
    answer(200, {{"state", "pending"}});
    const Duration delay = *machine_->next_wakeup() - now_;
    EXPECT_GE(delay, last);
    last = delay;
    wake();
  }
  EXPECT_EQ(last, kApprovalPollCap);
}

TEST_F(EnrolmentTest, AnIdentityWhoseKeyDoesNotFitIsNotUsed) {
  reach_awaiting_approval();
  answer(200, good_approval());
  state_.files[std::string(kNodeKeyFile)] =
      crypto::PrivateKey::generate(crypto::KeyType::p256).pem();
  EXPECT_THAT(load_identity(state_).error(), HasSubstr("enrol this node again"));
}

}  // namespace
}  // namespace rap::agent
