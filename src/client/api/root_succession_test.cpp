#include "client/api/root_succession.hpp"

#include <gtest/gtest.h>

#include "client/api/api_types.hpp"
#include "client/testing/doubles.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::client {
namespace {

using nlohmann::json;

constexpr std::int64_t kNow = 1'800'000'000;

class FollowTrust : public testing::Test {
 protected:
  FollowTrust() {
    home.files["profile.json"] =
        to_json(Profile{"https://cp.example:8443", "a@b.test", "rapst_x", kNow + 100});
    home.files["ca.pem"] = first.pem();
    network.untrusted_roots = first.pem();
    network.answer("GET me", {{"email", "a@b.test"}});
  }
  std::string bundle(std::uint64_t version, std::vector<crypto::Certificate> roots,
                     const std::vector<crypto::Issuer>& signers) {
    return snapshot::seal_trust_bundle({version, pki.cluster, std::move(roots)}, signers);
  }
  void show(const std::vector<std::string>& bundles) {
    network.answer("GET trust-bundle", {{"bundles", bundles}, {"pem", next.certificate.pem()}});
  }
  // Asks the server something; ok, or why there was no answer.
  ExitCode use() {
    const auto account = signed_in(home, from_unix(kNow));
    const auto answer = ApiClient(network, account.value(), home).ask(op::get_me());
    return answer ? ExitCode::ok : answer.error().code;
  }

  crypto::TestPki pki;
  crypto::Certificate first = pki.root.certificate;
  crypto::Issuer next = crypto::make_root(pki.cluster, crypto::TestPki::validity, pki.rng);
  crypto::Issuer third = crypto::make_root(pki.cluster, crypto::TestPki::validity, pki.rng);
  TestHome home;
  TestNetwork network;
};

TEST_F(FollowTrust, GoesToTheNewRootThatTheOldOneVouchesForAndRemembersIt) {
  show({bundle(2, {first, next.certificate}, {pki.root, next}),
        bundle(3, {next.certificate}, {pki.root, next})});
  EXPECT_EQ(use(), ExitCode::ok);
  EXPECT_EQ(home.files["ca.pem"], next.certificate.pem());
  EXPECT_EQ(home.files["ca.version"], "3\n");
  for (const Sent& sent : network.sent) {
    if (!sent.roots_pem) {
      EXPECT_TRUE(sent.request.header("authorization").empty()) << "nothing secret, unverified";
    }
  }
}

TEST_F(FollowTrust, FollowsSeveralRotationsInARow) {
  show({bundle(3, {next.certificate}, {pki.root, next}),
        bundle(5, {third.certificate}, {next, third})});
  EXPECT_EQ(use(), ExitCode::ok);
  EXPECT_EQ(home.files["ca.pem"], third.certificate.pem());
}

TEST_F(FollowTrust, StaysWhereItIsWithoutAVouchedWay) {
  show({bundle(3, {next.certificate}, {next}), "nonsense"});
  EXPECT_EQ(use(), ExitCode::untrusted);
  EXPECT_EQ(home.files["ca.pem"], first.pem());
}

TEST_F(FollowTrust, NeverGoesBack) {
  home.files["ca.pem"] = next.certificate.pem();
  home.files["ca.version"] = "3\n";
  network.untrusted_roots = next.certificate.pem();
  show({bundle(2, {first, next.certificate}, {pki.root, next})});
  EXPECT_EQ(use(), ExitCode::untrusted);
  EXPECT_EQ(home.files["ca.pem"], next.certificate.pem());
}

}  // namespace
}  // namespace rap::client
