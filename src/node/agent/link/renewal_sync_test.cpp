// Renewing the certificate and following the platform's trust, over the node's link.
#include <algorithm>

#include "node/agent/enrolment/enrolment_record.hpp"
#include "node/agent/enrolment/node_identity.hpp"
#include "node/agent/link/test_control_link.hpp"

namespace rap::agent {
namespace {

class TrustTest : public ControlLinkWorld {
 protected:
  TrustTest() {
    state_.files[std::string(kNodeKeyFile)] = member_.key.pem();
    state_.files[std::string(kChainFile)] = crypto::chain_pem(member_.chain);
    state_.files[std::string(kTrustBundleFile)] = crypto::chain_pem(roots_);
  }
  std::string& file(std::string_view name) { return state_.files[std::string(name)]; }

  // What the control plane would issue for the request that is under way.
  std::string issue(const crypto::Issuer& issuer) {
    const auto request = crypto::CertificateRequest::from_pem(
        sent(ControlCall::renew_certificate)->at("csr").get<std::string>());
    EXPECT_TRUE(request);
    EXPECT_EQ(request->names, member_.leaf.names());
    const auto leaf = crypto::issue_leaf(
        issuer, request->key, request->names,
        {wall() - std::chrono::minutes{5}, wall() + crypto::TestPki::day}, pki_.rng);
    return crypto::chain_pem({leaf, issuer.certificate});
  }
  void check_in_asked_to_renew() {
    if (!sent(ControlCall::checkin)) wake();
    answer(ControlCall::checkin, {{"config_version", 0},
                                  {"commands_seq", 0},
                                  {"server_time", 0},
                                  {"renew_certificate", true}});
  }
  std::string bundle(std::uint64_t version, std::vector<crypto::Certificate> roots,
                     const std::vector<crypto::Issuer>& signers) {
    return snapshot::seal_trust_bundle({version, cluster_, std::move(roots)}, signers);
  }
  static json pulled_bundle(std::uint64_t version, const std::string& envelope) {
    return {{"type", "trust_bundle"}, {"version", version}, {"envelope", envelope}};
  }
  json with_config(std::uint64_t version, std::vector<json> bundles) {
    json all = configs(version, envelope(version));
    for (auto it = bundles.rbegin(); it != bundles.rend(); ++it) {
      all["configs"].insert(all["configs"].begin(), *it);
    }
    return all;
  }
  bool key_fits_chain() {
    const auto key = crypto::PrivateKey::from_pem(file(kNodeKeyFile));
    const auto leaf = crypto::Certificate::from_pem(file(kChainFile));
    return key->public_key().spki_sha256() == leaf->public_key().spki_sha256();
  }

  crypto::Issuer next_root_ = crypto::make_root(cluster_, crypto::TestPki::validity, pki_.rng);
  crypto::Issuer next_intermediate_ =
      crypto::make_intermediate(next_root_, cluster_, crypto::TestPki::validity, pki_.rng);
};

TEST_F(TrustTest, RenewsBeforeTwoThirdsOfTheCertificatesLife) {
  // A day before now to a day after: 60 % are over in 4.8 hours, two thirds in 8.
  now_ += std::chrono::minutes{4 * 60 + 47};
  step(LinkWoken{});
  EXPECT_FALSE(sent(ControlCall::renew_certificate));
  now_ += std::chrono::minutes{3 * 60 + 13};
  step(LinkWoken{});
  ASSERT_TRUE(sent(ControlCall::renew_certificate));
  const std::string old_key = file(kNodeKeyFile);
  answer(ControlCall::renew_certificate, {{"certificate_chain", issue(pki_.intermediate)}});
  EXPECT_NE(file(kNodeKeyFile), old_key);
  EXPECT_TRUE(key_fits_chain());
  EXPECT_EQ(reconnects_, 1);
  EXPECT_EQ(identities_, 1);
}

TEST_F(TrustTest, RenewsOnceWhenItIsAskedTo) {
  check_in_asked_to_renew();
  ASSERT_TRUE(sent(ControlCall::renew_certificate));
  wake();  // another check-in is under way when the certificate comes
  answer(ControlCall::renew_certificate, {{"certificate_chain", issue(pki_.intermediate)}});
  ASSERT_TRUE(sent(ControlCall::checkin));
  check_in_asked_to_renew();
  EXPECT_FALSE(sent(ControlCall::renew_certificate)) << "that was asked of the old certificate";
  check_in(0, 0);
  EXPECT_FALSE(sent(ControlCall::renew_certificate));
}

TEST_F(TrustTest, AsksAgainForTheSameKeyUntilItIsAnswered) {
  check_in_asked_to_renew();
  const json first = *sent(ControlCall::renew_certificate);
  const auto key_of = [](const json& body) {
    return crypto::CertificateRequest::from_pem(body["csr"].get<std::string>())->key.spki_sha256();
  };
  fail(ControlCall::renew_certificate);
  while (!sent(ControlCall::renew_certificate)) {
    wake();
    if (sent(ControlCall::checkin)) check_in(0, 0);
  }
  EXPECT_EQ(key_of(*sent(ControlCall::renew_certificate)), key_of(first));
  restart();
  check_in_asked_to_renew();
  EXPECT_EQ(key_of(*sent(ControlCall::renew_certificate)), key_of(first)) << "also after a crash";
}

TEST_F(TrustTest, TakesNoCertificateThatIsNotItsOwn) {
  check_in_asked_to_renew();
  const std::string old_chain = file(kChainFile);
  const auto stranger = pki_.member();
  for (const std::string& wrong :
       {crypto::chain_pem(stranger.chain), issue(next_intermediate_), std::string("nonsense")}) {
    answer(ControlCall::renew_certificate, {{"certificate_chain", wrong}});
    EXPECT_EQ(file(kChainFile), old_chain);
    EXPECT_TRUE(key_fits_chain());
    while (!sent(ControlCall::renew_certificate)) {
      wake();
      if (sent(ControlCall::checkin)) check_in(0, 0);
    }
  }
  EXPECT_EQ(reconnects_, 0);
}

TEST_F(TrustTest, ARenewalCutShortBetweenChainAndKeyIsFinishedAtTheNextStart) {
  EnrolmentRecord record;
  record.cluster = cluster_;
  record.node = node_;
  record.config_keys = {{"c1", key_.public_key().pem()}};
  file(kEnrolmentFile) = to_json(record);
  check_in_asked_to_renew();
  const std::string old_key = file(kNodeKeyFile);
  answer(ControlCall::renew_certificate, {{"certificate_chain", issue(pki_.intermediate)}});
  const std::string new_key = file(kNodeKeyFile);
  file(kNodeKeyFile) = old_key;
  const auto identity = load_identity(state_);
  ASSERT_TRUE(identity) << identity.error();
  EXPECT_EQ(file(kNodeKeyFile), new_key);
}

TEST_F(TrustTest, FollowsTheTrustFromTheOldRootToTheNewOne) {
  const std::vector both = {pki_.root.certificate, next_root_.certificate};
  check_in(5, 0);
  config_roots_ = both;
  answer(ControlCall::pull_configs,
         with_config(5, {pulled_bundle(2, bundle(2, both, {pki_.root, next_root_}))}));
  EXPECT_EQ(file(kTrustBundleFile), crypto::chain_pem(both));
  EXPECT_EQ(reconnects_, 1);
  step(FabricConnected{});
  EXPECT_EQ(fabric_.back()["config"]["version"], 5);

  check_in_asked_to_renew();
  answer(ControlCall::renew_certificate, {{"certificate_chain", issue(next_intermediate_)}});
  EXPECT_TRUE(key_fits_chain());

  roots_ = both;  // as the next start reads them
  restart();
  check_in(6, 0);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have_trust_bundle"], 2);
  config_roots_ = {next_root_.certificate};
  answer(ControlCall::pull_configs,
         with_config(6, {pulled_bundle(3, bundle(3, config_roots_, {pki_.root, next_root_}))}));
  EXPECT_EQ(file(kTrustBundleFile), next_root_.certificate.pem());
  EXPECT_EQ(load_link_state(state_, cluster_)->trust_bundle, 3U);
}

TEST_F(TrustTest, RefusesRootsThatNoRootOfItsOwnVouchesFor) {
  check_in(5, 0);
  config_roots_ = {pki_.root.certificate, next_root_.certificate};
  answer(ControlCall::pull_configs, configs(5, envelope(5)));
  EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr("untrusted_roots"))
      << "the key that signs configurations cannot bring in a root";
  answer(ControlCall::report_config_error, json::object());
  while (!sent(ControlCall::pull_configs)) {
    wake();
    if (sent(ControlCall::checkin)) check_in(5, 0);
  }
  answer(ControlCall::pull_configs,
         with_config(5, {pulled_bundle(2, bundle(2, config_roots_, {next_root_}))}));
  EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr("bad_envelope"));
  EXPECT_EQ(file(kTrustBundleFile), crypto::chain_pem(pki_.roots()));
  EXPECT_FALSE(state_.files.contains(std::string(kNodeConfigFile)));
}

TEST_F(TrustTest, NeverGoesBackToAnOlderBundle) {
  const std::vector both = {pki_.root.certificate, next_root_.certificate};
  const auto first = pulled_bundle(2, bundle(2, both, {pki_.root, next_root_}));
  const auto second =
      pulled_bundle(3, bundle(3, {next_root_.certificate}, {pki_.root, next_root_}));
  config_roots_ = {next_root_.certificate};
  check_in(5, 0);
  answer(ControlCall::pull_configs, with_config(5, {first, second}));
  EXPECT_EQ(file(kTrustBundleFile), next_root_.certificate.pem());
  check_in(6, 0);
  answer(ControlCall::pull_configs, with_config(6, {first}));
  EXPECT_THAT(sent(ControlCall::report_config_error)->dump(), HasSubstr("rolled_back"));
}

}  // namespace
}  // namespace rap::agent
