#include "crypto/x509/validation/public_path.hpp"

#include <gtest/gtest.h>

#include "crypto/testing/certificates.hpp"
#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

using PublicFault = CertificateFault;

struct PublicPath : testing::Test {
  Certificate leaf_of(const CertificatePlan& plan) {
    return issue(pki.intermediate, key.public_key(), plan);
  }
  std::optional<PublicFault> fault_of(const Certificate& leaf, std::string_view host = "localhost",
                                      WallTime now = TestPki::now) {
    const auto path = verify_public_server(leaf, {pki.intermediate.certificate}, roots, host, now);
    return path ? std::nullopt : std::optional(path.error());
  }

  TestPki pki{1};
  PrivateKey key = PrivateKey::generate(KeyType::p256);
  PublicRoots roots = PublicRoots::from_pem(pki.root.certificate.pem()).value();
};

TEST_F(PublicPath, LeadsFromAServersCertificateToTheBundle) {
  const auto leaf = leaf_of({});
  const auto path =
      verify_public_server(leaf, {pki.intermediate.certificate}, roots, "LocalHost", TestPki::now);
  ASSERT_TRUE(path) << to_string(path.error());
  EXPECT_EQ(path->size(), 3U);
  EXPECT_EQ(path->front().fingerprint(), leaf.fingerprint());
  CertificatePlan usual;  // as public authorities issue them: no critical SAN, one direction
  usual.names_critical = false;
  usual.common_name = "localhost";
  usual.set("extendedKeyUsage", "serverAuth");
  EXPECT_EQ(fault_of(leaf_of(usual)), std::nullopt);
}

TEST_F(PublicPath, IsForTheHostAndForNoOther) {
  CertificatePlan plan;
  plan.dns = {"entry.example", "*.wild.example"};
  plan.common_name = "named.example";
  const auto leaf = leaf_of(plan);
  EXPECT_EQ(fault_of(leaf, "entry.example"), std::nullopt);
  EXPECT_EQ(fault_of(leaf, "a.wild.example"), std::nullopt);
  for (const char* other : {"example", "x.entry.example", "a.b.wild.example", "wild.example",
                            "named.example", "127.0.0.1", ""}) {
    EXPECT_EQ(fault_of(leaf, other), PublicFault::wrong_name) << other;
  }
  EXPECT_EQ(fault_of(pki.member().leaf, "127.0.0.1"), std::nullopt);
  EXPECT_EQ(fault_of(pki.member().leaf, "127.0.0.2"), PublicFault::wrong_name);
}

TEST_F(PublicPath, FailsByName) {
  const auto leaf = leaf_of({});
  EXPECT_EQ(fault_of(leaf, "localhost", leaf.not_after()), PublicFault::expired);
  EXPECT_EQ(fault_of(leaf, "localhost", leaf.not_before() - std::chrono::seconds{2}),
            PublicFault::not_yet_valid);
  EXPECT_EQ(fault_of(leaf_of(CertificatePlan{}.set("extendedKeyUsage", "clientAuth"))),
            PublicFault::wrong_key_usage);
  EXPECT_EQ(fault_of(leaf_of(CertificatePlan{}.set("tlsfeature", "status_request"))),
            PublicFault::bad_status)
      << "nobody gets a staple for it";
  CertificatePlan weak;
  weak.digest = "SHA1";
  EXPECT_EQ(fault_of(leaf_of(weak)), PublicFault::bad_chain);
  EXPECT_EQ(verify_public_server(leaf, {}, roots, "localhost", TestPki::now).error(),
            PublicFault::unknown_root);
  const TestPki stranger{2};
  const auto others = PublicRoots::from_pem(stranger.root.certificate.pem()).value();
  EXPECT_EQ(
      verify_public_server(leaf, {pki.intermediate.certificate}, others, "localhost", TestPki::now)
          .error(),
      PublicFault::unknown_root);
  const std::vector<Certificate> many(kMaxPresentedCertificates + 1, pki.intermediate.certificate);
  EXPECT_EQ(verify_public_server(leaf, many, roots, "localhost", TestPki::now).error(),
            PublicFault::bad_chain);
}

TEST_F(PublicPath, ABundleIsReadAsAWholeOrNotAtAll) {
  const std::string one = pki.root.certificate.pem();
  const std::string comment = "# An authority\n";
  EXPECT_TRUE(PublicRoots::from_pem(comment + one + "\n" + comment + one + "the end\n"));
  EXPECT_FALSE(PublicRoots::from_pem(""));
  EXPECT_FALSE(PublicRoots::from_pem("nothing at all"));
  EXPECT_FALSE(PublicRoots::from_pem(one + one.substr(0, one.size() / 2)));
}

}  // namespace
}  // namespace rap::crypto
