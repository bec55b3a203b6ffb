#include "node/agent/enrolment/readmission.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/testing/pki.hpp"
#include "node/agent/test_node_files.hpp"

namespace rap::agent {
namespace {

using testing::HasSubstr;

class Readmission : public testing::Test {
 protected:
  Readmission() { enrol(state_, "first"); }

  wire::JoinToken token(const std::string& secret) const {
    return {{{"control.example", 8443}, "/"},
            pki_.root.certificate.fingerprint_hex(),
            pki_.cluster,
            member_.node,
            secret};
  }
  // What an enrolment leaves behind that was approved.
  void enrol(NodeFiles& files, const std::string& secret) {
    auto plan = plan_enrolment(files, token(secret), addresses_, rng_);
    ASSERT_TRUE(plan) << plan.error();
    plan->record.config_keys = {};
    plan->record.node_url = "control.example:9091";
    for (const FileWrite& file : plan->unsaved) ASSERT_TRUE(files.write(file));
    const auto key = crypto::PrivateKey::from_pem(**files.read(kNodeKeyFile)).value();
    const auto leaf = crypto::issue_leaf(
        pki_.intermediate, key.public_key(), addresses_.node_names(pki_.cluster, member_.node),
        {pki_.now - std::chrono::hours(1), pki_.now + std::chrono::hours(24 * 90)}, rng_);
    ASSERT_TRUE(files.write({std::string(kTrustBundleFile), pki_.root.certificate.pem()}));
    ASSERT_TRUE(files.write({std::string(kEnrolmentFile), to_json(plan->record)}));
    ASSERT_TRUE(
        files.write({std::string(kChainFile), leaf.pem() + pki_.intermediate.certificate.pem()}));
  }
  NodeIdentity identity() {
    auto loaded = load_identity(state_);
    EXPECT_TRUE(loaded && *loaded) << (loaded ? "" : loaded.error());
    return std::move(**loaded);
  }
  StartDecision decide(const std::optional<wire::JoinToken>& with = std::nullopt) {
    return decide_start(state_, identity(), with, addresses_, now_);
  }

  SeededRandom rng_{11};
  crypto::TestPki pki_;
  crypto::TestMember member_ = pki_.member();
  AdvertisedAddresses addresses_{{"node.example", 4443}, {"node.example", 4444}};
  TestNodeFiles state_;
  WallTime now_ = pki_.now;
};

TEST_F(Readmission, IsNotNeededByANodeThatIsAsItWasEnrolled) {
  EXPECT_EQ(decide().start, StartStep::go_on);
  EXPECT_EQ(decide(token("first")).start, StartStep::go_on) << "the token it came in with";
}

TEST_F(Readmission, IsAskedForWhenTheCertificateHasExpired) {
  now_ = identity().tls.chain.front().not_after();
  const auto decision = decide();
  EXPECT_EQ(decision.start, StartStep::refuse);
  EXPECT_THAT(decision.why, HasSubstr("expired on 20"));
  EXPECT_THAT(decision.why, HasSubstr("rap admin nodes readmit " + member_.node.str()));
  EXPECT_EQ(decide(token("second")).start, StartStep::readmit);
  now_ -= std::chrono::seconds(1);
  EXPECT_EQ(decide().start, StartStep::go_on);
}

TEST_F(Readmission, IsAskedForWhenTheAddressesAreOthers) {
  addresses_.fabric.host = "elsewhere.example";
  EXPECT_EQ(decide().start, StartStep::refuse);
  EXPECT_THAT(decide().why, HasSubstr("node.example:4444"));
  EXPECT_THAT(decide().why, HasSubstr("elsewhere.example:4444"));
  EXPECT_EQ(decide(token("second")).start, StartStep::readmit);
  addresses_.fabric.host = "node.example";
  addresses_.data_plane.port = 1;
  EXPECT_EQ(decide().start, StartStep::refuse) << "peers and clients are told the port too";
}

TEST_F(Readmission, TakesNoTokenOfAnotherNode) {
  auto other = token("second");
  other.node = NodeId::random(rng_);
  EXPECT_EQ(decide(other).start, StartStep::refuse);
  other = token("second");
  other.cluster = ClusterId::random(rng_);
  EXPECT_EQ(decide(other).start, StartStep::refuse);
}

TEST_F(Readmission, LeavesTheOldIdentityUntilTheNewOneIsWhole) {
  const auto before = identity();
  ReadmissionFiles staged(state_);
  auto plan = plan_enrolment(staged, token("second"), addresses_, rng_);
  for (const FileWrite& file : plan->unsaved) ASSERT_TRUE(staged.write(file));
  ASSERT_TRUE(finish_readmission(state_));
  EXPECT_EQ(identity().record, before.record) << "it is not approved yet";

  ASSERT_TRUE(abandon_readmission(state_, token("second")));
  EXPECT_TRUE(state_.list(kReadmissionFolder)->empty());
  EXPECT_EQ(identity().record, before.record);
  EXPECT_EQ(decide(token("second")).start, StartStep::go_on) << "it led nowhere once";
}

TEST_F(Readmission, PutsTheNewIdentityInThePlaceOfTheOldOne) {
  state_.files[std::string(kWorkerChainFile)] = "old";
  state_.files[std::string(kStapleFile)] = "old";
  addresses_.fabric.host = "elsewhere.example";
  ReadmissionFiles staged(state_);
  enrol(staged, "second");
  ASSERT_TRUE(finish_readmission(state_));
  const auto after = identity();
  EXPECT_EQ(after.record.fabric_advertise, "elsewhere.example:4444");
  EXPECT_EQ(decide().start, StartStep::go_on);
  EXPECT_TRUE(state_.list(kReadmissionFolder)->empty()) << "no key is left lying about";
  EXPECT_FALSE(state_.files.contains(std::string(kWorkerChainFile)));
  EXPECT_FALSE(state_.files.contains(std::string(kStapleFile)));
  EXPECT_EQ(decide(token("first")).start, StartStep::go_on)
      << "a unit may name the first token still";
}

// A crash leaves what was written so far, and the next start goes on from there.
TEST_F(Readmission, IsFinishedWhereItWasCutShort) {
  ReadmissionFiles staged(state_);
  enrol(staged, "second");
  const auto whole = state_.files;
  class Dying final : public NodeFiles {
   public:
    Dying(NodeFiles& real, int writes) : real_(real), left_(writes) {}
    std::expected<std::optional<std::string>, std::string> read(std::string_view name) override {
      return real_.read(name);
    }
    StoreResult write(const FileWrite& file) override {
      return left_-- > 0 ? real_.write(file) : std::unexpected("cut short");
    }
    StoreResult remove(std::string_view name) override {
      return left_-- > 0 ? real_.remove(name) : std::unexpected("cut short");
    }
    std::expected<std::vector<std::string>, std::string> list(std::string_view f) override {
      return real_.list(f);
    }

   private:
    NodeFiles& real_;
    int left_;
  };
  for (int writes = 0; writes < 30; ++writes) {
    state_.files = whole;
    Dying dying(state_, writes);
    (void)finish_readmission(dying);
    ASSERT_TRUE(finish_readmission(state_)) << writes;
    ASSERT_EQ(identity().record.join_secret_hash, crypto::sha256_hex(as_bytes("second"))) << writes;
  }
}

TEST_F(Readmission, RemembersSpentTokensUpToABound) {
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(abandon_readmission(state_, token("spent " + std::to_string(i))));
  }
  EXPECT_EQ(decide(token("spent 39")).start, StartStep::go_on);
  EXPECT_EQ(decide(token("spent 0")).start, StartStep::readmit) << "it is refused once more then";
}

}  // namespace
}  // namespace rap::agent
