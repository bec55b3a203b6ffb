#include "crypto/x509/certificate.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

SubjectNames some_names() {
  SubjectNames names;
  names.dns = {"a.example", "b.example"};
  names.ips = {"10.0.0.1", "2001:db8::1"};
  names.uris = {"spiffe://rap/x"};
  return names;
}

TEST(CertificateAuthority, IssuesWhatItWasAskedAndNothingMore) {
  TestPki pki;
  const PrivateKey key = PrivateKey::generate(KeyType::p256);
  const Validity validity{TestPki::now - TestPki::day, TestPki::now + TestPki::day};
  const Certificate leaf =
      issue_leaf(pki.intermediate, key.public_key(), some_names(), validity, pki.rng);
  EXPECT_EQ(leaf.names(), some_names());
  EXPECT_FALSE(leaf.is_ca());
  EXPECT_FALSE(leaf.self_issued());
  EXPECT_EQ(leaf.common_name(), "");
  EXPECT_EQ(leaf.not_before(), validity.not_before);
  EXPECT_EQ(leaf.not_after(), validity.not_after);
  EXPECT_EQ(leaf.public_key().spki_sha256(), key.public_key().spki_sha256());
  EXPECT_EQ(leaf.issuer(), "CN=RAP Platform Intermediate " + pki.cluster.str());

  EXPECT_TRUE(pki.root.certificate.is_ca());
  EXPECT_TRUE(pki.root.certificate.self_issued());
  EXPECT_EQ(cluster_of_roots(pki.roots()), pki.cluster);
  EXPECT_EQ(cluster_of_roots({pki.root.certificate, TestPki(2).root.certificate}), std::nullopt);
  EXPECT_EQ(cluster_of_roots({pki.intermediate.certificate}), std::nullopt);
  EXPECT_EQ(cluster_of_roots({}), std::nullopt);
  EXPECT_EQ(pki.root.certificate.common_name(), "RAP Platform Root " + pki.cluster.str());
  EXPECT_TRUE(pki.intermediate.certificate.is_ca());
  EXPECT_FALSE(pki.intermediate.certificate.self_issued());
}

TEST(CertificateAuthority, NeverOutlivesTheIssuer) {
  TestPki pki;
  SubjectNames names = some_names();
  const Certificate leaf =
      issue_leaf(pki.intermediate, PrivateKey::generate(KeyType::ed25519).public_key(), names,
                 {TestPki::now, TestPki::now + 1000 * TestPki::day}, pki.rng);
  EXPECT_EQ(leaf.not_after(), pki.intermediate.certificate.not_after());
}

TEST(CertificateAuthority, GivesEverySerialTwentyPositiveBytes) {
  TestPki pki;
  std::string last;
  for (int i = 0; i < 50; ++i) {
    const std::string serial = pki.member().leaf.serial_hex();
    EXPECT_EQ(serial.size(), 40U);
    EXPECT_LT(serial[0], '8');
    EXPECT_NE(serial, last);
    last = serial;
  }
}

TEST(Certificate, SpeaksForTheHostsInItsSanAndNoOther) {
  TestPki pki;
  SubjectNames names = some_names();
  names.dns.push_back("*.wild.example");
  const Certificate leaf =
      issue_leaf(pki.intermediate, PrivateKey::generate(KeyType::p256).public_key(), names,
                 TestPki::validity, pki.rng);
  for (const char* host :
       {"a.example", "A.Example", "b.example", "10.0.0.1", "2001:db8::1", "2001:DB8:0::0001"}) {
    EXPECT_TRUE(leaf.speaks_for(host)) << host;
  }
  for (const char* host : {"", "c.example", "a.example.", "x.a.example", "example", "10.0.0.2",
                           "010.0.0.1", "::1", "x.wild.example", "spiffe://rap/x"}) {
    EXPECT_FALSE(leaf.speaks_for(host)) << host;
  }
  const Certificate& root = pki.root.certificate;
  EXPECT_FALSE(root.speaks_for(root.common_name()));
}

TEST(Certificate, SurvivesItsTextForms) {
  TestPki pki;
  const Certificate& leaf = pki.member().leaf;
  const auto from_pem = Certificate::from_pem(leaf.pem());
  ASSERT_TRUE(from_pem);
  EXPECT_EQ(from_pem->fingerprint(), leaf.fingerprint());
  const auto from_der = Certificate::from_der(leaf.der());
  ASSERT_TRUE(from_der);
  EXPECT_EQ(from_der->fingerprint_hex(), leaf.fingerprint_hex());
  EXPECT_EQ(leaf.fingerprint_hex().size(), 64U);
}

// The openssl command made it, and its asn1parse and pkey cut out what is hashed here.
constexpr std::string_view kForeignPem =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBETCBtwICAPEwCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMRml4dHVyZSBSb290\n"
    "MCAXDTI2MTEyMjA4NDMwN1oYDzIwODEwODI1MDg0MzA3WjAPMQ0wCwYDVQQDDARs\n"
    "ZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7bSJNzwgFDy7NWh5JrWsE+FK\n"
    "Krg4FB7QAk2uNTHTv2sk+FFLLWbIJyKuEdq9auHsDKOxylf+pO0dEZRnmADmmzAK\n"
    "BggqhkjOPQQDAgNJADBGAiEAq4QuJXLshQ8/xuigliwwIAw6gnLU54OPDiVIe+Ix\n"
    "PxoCIQCDwMBszvs455h8XbKY5N19wuXaiyNOdGjUnn99ISGfOg==\n"
    "-----END CERTIFICATE-----\n";

TEST(Certificate, HashesTheIssuerNameAndTheKeyThatOthersSeeInIt) {
  const auto foreign = Certificate::from_pem(kForeignPem);
  ASSERT_TRUE(foreign);
  EXPECT_EQ(to_hex(foreign->issuer_hash()),
            "f1464424ddfb3aa61efc12191a705db99855056f1782ca706c5cfa7d30cfca11");
  EXPECT_EQ(to_hex(foreign->key_hash()),
            "ce75c9303556aae33dcdb3be9e78062730c756e6d40cbef0cfe7bc7b25db1de1");
  EXPECT_EQ(foreign->serial_hex(), "f1");
}

TEST(Certificate, SharesTheIssuerHashWithItsSiblingsAndTheKeyHashWithItsKey) {
  TestPki pki;
  for (const KeyType type : {KeyType::p256, KeyType::ed25519}) {
    const auto member = pki.member(wire::SpiffeId::Kind::node, type);
    EXPECT_EQ(member.leaf.issuer_hash(), pki.member().leaf.issuer_hash());
    EXPECT_NE(member.leaf.issuer_hash(), pki.intermediate.certificate.issuer_hash());
    EXPECT_EQ(member.leaf.key_hash(), member.key.public_key().spki_sha256());
  }
  const Certificate& root = pki.root.certificate;
  EXPECT_EQ(root.issuer_hash(), pki.intermediate.certificate.issuer_hash());
}

TEST(Certificate, ReadsAChainInOrderAndRefusesAStrangeBlockInIt) {
  TestPki pki;
  const auto member = pki.member();
  const std::string text = "an explanation\n" + chain_pem(member.chain);
  const auto chain = Certificate::chain_from_pem(text);
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ((*chain)[0].fingerprint(), member.leaf.fingerprint());
  EXPECT_EQ((*chain)[1].fingerprint(), pki.intermediate.certificate.fingerprint());
  EXPECT_FALSE(Certificate::chain_from_pem(text + member.key.pem()));
  EXPECT_FALSE(Certificate::chain_from_pem(""));
  EXPECT_FALSE(Certificate::chain_from_pem("no certificate"));
}

TEST(Certificate, RefusesEveryTruncationAndTrailingBytes) {
  TestPki pki;
  Bytes der = pki.member().leaf.der();
  for (std::size_t n = 0; n < der.size(); ++n) {
    EXPECT_FALSE(Certificate::from_der(ByteView(der).first(n))) << n;
  }
  der.push_back(0);
  EXPECT_FALSE(Certificate::from_der(der));
}

TEST(CertificateRequest, CarriesTheNamesAndNothingElse) {
  for (const KeyType type : {KeyType::p256, KeyType::ed25519}) {
    const PrivateKey key = PrivateKey::generate(type);
    const auto request = CertificateRequest::from_pem(make_csr(key, some_names()));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->names, some_names());
    EXPECT_EQ(request->subject, "");
    EXPECT_FALSE(request->asks_other_extensions);
    EXPECT_EQ(request->key.spki_sha256(), key.public_key().spki_sha256());
  }
}

TEST(CertificateRequest, SortsNamesAndTellsOfRepeatedOnes) {
  const PrivateKey key = PrivateKey::generate(KeyType::p256);
  SubjectNames names;
  names.dns = {"b", "a", "b"};
  const auto request = CertificateRequest::from_pem(make_csr(key, names));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->names.dns, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(request->names.has_other);
}

TEST(CertificateRequest, TellsOfNamesThatAreNotPrintable) {
  const PrivateKey key = PrivateKey::generate(KeyType::p256);
  for (const std::string& name : {std::string("good.example\0.evil", 18), std::string("a b"),
                                  std::string(), std::string("\xc3\xa4.example")}) {
    SubjectNames names;
    names.dns = {name, "ok"};
    const auto request = CertificateRequest::from_pem(make_csr(key, names));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->names.dns, std::vector<std::string>{"ok"});
    EXPECT_TRUE(request->names.has_other);
  }
}

TEST(CertificateRequest, IsRefusedWhenAnyByteOfItChanged) {
  const PrivateKey key = PrivateKey::generate(KeyType::p256);
  const std::string pem = make_csr(key, some_names());
  SeededRandom rng(11);
  for (int i = 0; i < 500; ++i) {
    std::string bad = pem;
    const std::size_t at = rng.below(bad.size());
    bad[at] = static_cast<char>(bad[at] ^ (1 + rng.below(127)));
    const auto request = CertificateRequest::from_pem(bad);
    // A line break may become another blank.
    if (request) {
      EXPECT_EQ(request->names, some_names());
      EXPECT_EQ(pem[at], '\n');
    }
  }
}

}  // namespace
}  // namespace rap::crypto
