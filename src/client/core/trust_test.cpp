// Following the platform to another root.
#include <gtest/gtest.h>

#include "client/core/test_world.hpp"
#include "crypto/testing/pki.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::client {
namespace {

using nlohmann::json;

class FollowTrust : public testing::Test {
 protected:
  FollowTrust() {
    shell.sign_in();
    shell.home.files["ca.pem"] = first.pem();
    shell.network.untrusted_roots = first.pem();
    shell.network.answer("GET me", {{"email", "a@b.test"}});
    shell.network.answer("GET resources", {{"items", json::array()}});
  }
  std::string bundle(std::uint64_t version, std::vector<crypto::Certificate> roots,
                     const std::vector<crypto::Issuer>& signers) {
    return snapshot::seal_trust_bundle({version, pki.cluster, std::move(roots)}, signers);
  }
  void show(const std::vector<std::string>& bundles) {
    shell.network.answer("GET trust-bundle",
                         {{"bundles", bundles}, {"pem", next.certificate.pem()}});
  }
  int use() { return shell.run({"admin", "trust", "status"}); }

  crypto::TestPki pki;
  crypto::Certificate first = pki.root.certificate;
  crypto::Issuer next = crypto::make_root(pki.cluster, crypto::TestPki::validity, pki.rng);
  crypto::Issuer third = crypto::make_root(pki.cluster, crypto::TestPki::validity, pki.rng);
  TestShell shell;
};

TEST_F(FollowTrust, GoesToTheNewRootThatTheOldOneVouchesForAndRemembersIt) {
  shell.network.answer("GET trust", {{"phase", "stable"}});
  show({bundle(2, {first, next.certificate}, {pki.root, next}),
        bundle(3, {next.certificate}, {pki.root, next})});
  EXPECT_EQ(use(), 0) << shell.err.str();
  EXPECT_EQ(shell.home.files["ca.pem"], next.certificate.pem());
  EXPECT_EQ(shell.home.files["ca.version"], "3\n");
  for (const Sent& sent : shell.network.sent) {
    if (!sent.roots_pem) {
      EXPECT_TRUE(sent.request.header("authorization").empty()) << "nothing secret, unverified";
    }
  }
}

TEST_F(FollowTrust, FollowsSeveralRotationsInARow) {
  shell.network.answer("GET trust", {{"phase", "stable"}});
  show({bundle(3, {next.certificate}, {pki.root, next}),
        bundle(5, {third.certificate}, {next, third})});
  EXPECT_EQ(use(), 0);
  EXPECT_EQ(shell.home.files["ca.pem"], third.certificate.pem());
}

TEST_F(FollowTrust, StaysWhereItIsWithoutAVouchedWay) {
  show({bundle(3, {next.certificate}, {next}), "nonsense"});
  EXPECT_EQ(use(), static_cast<int>(ExitCode::untrusted));
  EXPECT_EQ(shell.home.files["ca.pem"], first.pem());
}

TEST_F(FollowTrust, NeverGoesBack) {
  shell.home.files["ca.pem"] = next.certificate.pem();
  shell.home.files["ca.version"] = "3\n";
  shell.network.untrusted_roots = next.certificate.pem();
  show({bundle(2, {first, next.certificate}, {pki.root, next})});
  EXPECT_EQ(use(), static_cast<int>(ExitCode::untrusted));
  EXPECT_EQ(shell.home.files["ca.pem"], next.certificate.pem());
}

TEST_F(FollowTrust, ShowsARotationAndForcesItOn) {
  shell.network.untrusted_roots.reset();
  shell.network.answer("POST trust/rotate",
                       {{"phase", "distributing"}, {"laggards", {{{"name", "egress-1"}}}}});
  EXPECT_EQ(shell.run({"admin", "trust", "rotate"}), 0);
  EXPECT_NE(shell.out.str().find("distributing"), std::string::npos);
  EXPECT_NE(shell.out.str().find("egress-1"), std::string::npos);
  EXPECT_EQ(shell.run({"admin", "trust", "rotate", "--force"}), 0);
  EXPECT_EQ(shell.network.sent.back().body(), (json{{"force", true}}));
}

}  // namespace
}  // namespace rap::client
