// The rules of SPIFFE X509-SVID, case by case: certificates that no authority of ours would issue,
// each of which departs from a correct leaf in one way, and all of which are refused.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <functional>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/testing/certificates.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"

namespace rap::crypto {
namespace {

using Fault = CertificateFault;
using Kind = wire::SpiffeId::Kind;
using Plan = CertificatePlan;

PublicKey key_of(EVP_PKEY* key) { return PrivateKey(Handle<evp_pkey_st>(key)).public_key(); }

struct Svid : testing::Test {
  Plan good() const {
    Plan plan;
    plan.uris = {id.str()};
    return plan;
  }
  // An authority between the root and a leaf.
  static Plan good_authority() {
    Plan authority;
    authority.dns.clear();
    authority.common_name = "authority";
    authority.drop("extendedKeyUsage");
    authority.set("basicConstraints", "critical,CA:TRUE");
    authority.set("keyUsage", "critical,keyCertSign");
    return authority;
  }
  std::expected<wire::SpiffeId, Fault> verify(const Certificate& leaf,
                                              PeerSide side = PeerSide::client) const {
    return verify_peer(leaf, {pki.intermediate.certificate}, pki.roots(), side, Kind::node,
                       pki.cluster, TestPki::now);
  }
  std::expected<wire::SpiffeId, Fault> verify(const Plan& plan,
                                              PeerSide side = PeerSide::client) const {
    return verify(issue(pki.intermediate, key.public_key(), plan), side);
  }
  void refuse(const char* what, const std::function<void(Plan&)>& change, Fault expected,
              PeerSide side = PeerSide::client) const {
    Plan plan = good();
    change(plan);
    const auto result = verify(plan, side);
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(to_string(result.error()), to_string(expected)) << what;
  }

  TestPki pki{1};
  PrivateKey key = PrivateKey::generate(KeyType::p256);
  wire::SpiffeId id = wire::SpiffeId::of_node(pki.cluster, NodeId::random(pki.rng));
};

TEST_F(Svid, TheUnchangedPlanIsAccepted) {
  for (const PeerSide side : {PeerSide::server, PeerSide::client}) {
    const auto result = verify(good(), side);
    ASSERT_TRUE(result) << to_string(result.error());
    EXPECT_EQ(*result, id);
  }
  Plan plan = good();
  plan.common_name = "spiffe://rap/cluster/x/node/y";  // means nothing
  plan.extensions.emplace_back("1.2.3.4", "DER:0500");  // unknown, and not critical
  EXPECT_TRUE(verify(plan));
}

// X509-SVID §2: exactly one URI SAN, which is the SPIFFE ID.
TEST_F(Svid, RefusesEverythingButOneUriName) {
  const auto uris = [](std::vector<std::string> list) {
    return [list](Plan& p) { p.uris = list; };
  };
  const std::string one = id.str();
  const std::string two = wire::SpiffeId::of_node(pki.cluster, NodeId::random(pki.rng)).str();
  refuse("no URI", uris({}), Fault::no_identity);
  refuse(
      "no names at all",
      [](Plan& p) {
        p.uris.clear();
        p.dns.clear();
        p.common_name = "node";
      },
      Fault::no_identity);
  refuse("two identities", uris({one, two}), Fault::no_identity);
  refuse("the same twice", uris({one, one}), Fault::no_identity);
  refuse("a second, foreign URI", uris({one, "https://example.com/"}), Fault::no_identity);
  refuse("a first, foreign URI", uris({"https://example.com/", one}), Fault::no_identity);
  refuse("a second, empty URI", uris({one, ""}), Fault::no_identity);
  refuse("a NUL inside", uris({one + std::string(1, '\0')}), Fault::no_identity);
  refuse(
      "the identity as a DNS name",
      [&](Plan& p) {
        p.uris.clear();
        p.dns = {one};
      },
      Fault::no_identity);
  refuse(
      "an e-mail address besides", [](Plan& p) { p.emails = {"a@example.com"}; },
      Fault::no_identity);
  refuse("two SAN extensions", [](Plan& p) { p.names_twice = true; }, Fault::bad_chain);
  refuse(
      "no subject, and a SAN that is not critical", [](Plan& p) { p.names_critical = false; },
      Fault::bad_chain);
}

// SPIFFE-ID §2: the form of the identity.
TEST_F(Svid, RefusesEverythingButAnIdentityOfOurTrustDomain) {
  const std::string path = id.str().substr(std::string("spiffe://rap").size());
  for (const std::string& uri : std::vector<std::string>{
           "spiffe://rap", "spiffe://rap/", "spiffe://other" + path, "spiffe://rap.other" + path,
           "spiffe://RAP" + path, "SPIFFE://rap" + path, "https://rap" + path,
           "spiffe://rap:443" + path, "spiffe://user@rap" + path, "spiffe://" + path,
           id.str() + "/", id.str() + "?a=b", id.str() + "#f", id.str() + "/../x",
           "spiffe://rap//cluster" + path.substr(8), "spiffe://rap/%63luster" + path.substr(8),
           "spiffe://rap/" + std::string(2048, 'a'), "rap" + path}) {
    refuse(uri.c_str(), [&](Plan& p) { p.uris = {uri}; }, Fault::no_identity);
  }
  const auto other_cluster = wire::SpiffeId::of_node(ClusterId::random(pki.rng), id.node());
  refuse("another cluster", [&](Plan& p) { p.uris = {other_cluster.str()}; }, Fault::wrong_cluster);
  const wire::SpiffeId control{pki.cluster, Kind::control, id.subject};
  refuse("another kind", [&](Plan& p) { p.uris = {control.str()}; }, Fault::wrong_kind);
}

// X509-SVID §4.1, §4.3, §5.2: a leaf signs handshakes and nothing else.
TEST_F(Svid, RefusesALeafThatCouldIssue) {
  const auto with = [](const char* name, const char* value) {
    return [=](Plan& p) {
      p.common_name = "leaf";  // an issuer without a name is refused for that alone
      p.set(name, value);
    };
  };
  refuse("CA", with("basicConstraints", "critical,CA:TRUE"), Fault::wrong_key_usage);
  refuse(
      "CA that may sign certificates",
      [&](Plan& p) {
        with("basicConstraints", "critical,CA:TRUE")(p);
        with("keyUsage", "critical,digitalSignature,keyCertSign")(p);
      },
      Fault::wrong_key_usage);
  refuse("path length without CA", with("basicConstraints", "critical,CA:FALSE,pathlen:0"),
         Fault::wrong_key_usage);
  refuse("keyCertSign", with("keyUsage", "critical,digitalSignature,keyCertSign"),
         Fault::wrong_key_usage);
  refuse("cRLSign", with("keyUsage", "critical,digitalSignature,cRLSign"), Fault::wrong_key_usage);
  refuse("name constraints", with("nameConstraints", "critical,permitted;DNS:localhost"),
         Fault::wrong_key_usage);
}

TEST_F(Svid, RefusesALeafWithoutTheRightUsage) {
  const auto with = [](const char* name, const char* value) {
    return [=](Plan& p) { p.set(name, value); };
  };
  refuse("no key usage", [](Plan& p) { p.drop("keyUsage"); }, Fault::wrong_key_usage);
  refuse("key usage not critical", with("keyUsage", "digitalSignature"), Fault::wrong_key_usage);
  refuse("no digitalSignature", with("keyUsage", "critical,keyAgreement"), Fault::wrong_key_usage);
  refuse("no EKU", [](Plan& p) { p.drop("extendedKeyUsage"); }, Fault::wrong_key_usage);
  refuse("any EKU", with("extendedKeyUsage", "anyExtendedKeyUsage"), Fault::wrong_key_usage);
  refuse("e-mail EKU", with("extendedKeyUsage", "emailProtection"), Fault::wrong_key_usage);
  refuse("a server as client", with("extendedKeyUsage", "serverAuth"), Fault::wrong_key_usage);
  refuse("a client as server", with("extendedKeyUsage", "clientAuth"), Fault::wrong_key_usage,
         PeerSide::server);
}

// RFC 5280 §4.
TEST_F(Svid, RefusesAnIrregularCertificate) {
  refuse("serial zero", [](Plan& p) { p.serial_hex = "0"; }, Fault::bad_chain);
  refuse("serial negative", [](Plan& p) { p.serial_hex = "-5"; }, Fault::bad_chain);
  refuse(
      "serial too long", [](Plan& p) { p.serial_hex = "01" + std::string(40, '0'); },
      Fault::bad_chain);
  refuse("version 1", [](Plan& p) { p.version = X509_VERSION_1; }, Fault::bad_chain);
  refuse(
      "20 octets and a sign", [](Plan& p) { p.serial_hex = "80" + std::string(38, '0'); },
      Fault::bad_chain);
  refuse("version 4", [](Plan& p) { p.version = 3; }, Fault::bad_chain);
  refuse(
      "an extension nobody knows, twice",
      [](Plan& p) {
        p.extensions.emplace_back("1.2.3.4", "DER:0500");
        p.extensions.emplace_back("1.2.3.4", "DER:0500");
      },
      Fault::bad_chain);
  refuse(
      "bytes behind an extension's value",
      [](Plan& p) { p.set("extendedKeyUsage", "DER:300a06082b060105050703023000"); },
      Fault::bad_chain);
  refuse(
      "an extension in BER",
      [](Plan& p) { p.set("extendedKeyUsage", "DER:30810a06082b06010505070302"); },
      Fault::bad_chain);
  refuse(
      "unknown critical extension", [](Plan& p) { p.set("1.2.3.4", "critical,DER:0500"); },
      Fault::bad_chain);
  refuse(
      "no authority key id", [](Plan& p) { p.drop("authorityKeyIdentifier"); }, Fault::bad_chain);
  refuse("SHA-1", [](Plan& p) { p.digest = "SHA1"; }, Fault::bad_chain);
  refuse(
      "the same extension twice",
      [](Plan& p) { p.extensions.emplace_back("keyUsage", "critical,digitalSignature"); },
      Fault::bad_chain);
}

TEST_F(Svid, RefusesEveryOtherTypeOfKey) {
  EVP_PKEY* hidden = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  EVP_PKEY_set_utf8_string_param(hidden, "encoding", "explicit");
  const std::pair<const char*, PublicKey> kKeys[] = {
      {"RSA 3072", key_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{3072}))},
      {"P-384", key_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"))},
      {"P-521", key_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521"))},
      {"P-224", key_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-224"))},
      {"secp256k1", key_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"))},
      {"Ed448", key_of(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"))},
      {"P-256 with explicit parameters", key_of(hidden)}};
  for (const auto& [what, other] : kKeys) {
    EXPECT_EQ(other.type(), KeyType::other) << what;
    const auto result = verify(issue(pki.intermediate, other, good()));
    ASSERT_FALSE(result) << what;
    EXPECT_EQ(to_string(result.error()), "bad_chain") << what;
  }
}

// X509-SVID §3.2, §4.1: what the certificates above the leaf must be.
TEST_F(Svid, RefusesAnIssuerThatMayNotIssue) {
  const Plan authority = good_authority();
  const PrivateKey authority_key = PrivateKey::generate(KeyType::p256);
  const auto verify_below = [&](const Plan& plan, const Issuer& above,
                                const std::vector<Certificate>& path) {
    const Issuer issuer{issue(above, authority_key.public_key(), plan), authority_key};
    Plan leaf_plan = good();
    if (X509_get0_subject_key_id(issuer.certificate.native()) == nullptr) {
      leaf_plan.drop("authorityKeyIdentifier");  // there is nothing to point at
    }
    const Certificate leaf = issue(issuer, key.public_key(), leaf_plan);
    std::vector<Certificate> presented = path;
    presented.push_back(issuer.certificate);
    return verify_peer(leaf, presented, pki.roots(), PeerSide::client, Kind::node, pki.cluster,
                       TestPki::now);
  };
  ASSERT_TRUE(verify_below(authority, pki.root, {}));
  EXPECT_FALSE(verify_below(authority, pki.intermediate, {pki.intermediate.certificate}))
      << "below an intermediate of path length 0";
  for (const auto& [name, value] : {std::pair{"basicConstraints", "critical,CA:FALSE"},
                                    {"basicConstraints", "CA:TRUE"},
                                    {"keyUsage", "critical,digitalSignature"},
                                    {"extendedKeyUsage", "emailProtection"},
                                    {"nameConstraints", "permitted;DNS:localhost"},
                                    {"nameConstraints", "critical,excluded;DNS:localhost"}}) {
    Plan plan = authority;
    plan.set(name, value);
    EXPECT_FALSE(verify_below(plan, pki.root, {})) << name << "=" << value;
  }
  for (const char* name : {"basicConstraints", "keyUsage", "subjectKeyIdentifier"}) {
    Plan plan = authority;
    plan.drop(name);
    EXPECT_FALSE(verify_below(plan, pki.root, {})) << "no " << name;
  }
  EXPECT_FALSE(verify(pki.intermediate.certificate)) << "an authority as a peer";
}

// RFC 5280 §4.2.1.10: constraints on host names are of the SAN's.
TEST_F(Svid, AnAuthoritysNameConstraintsHoldForTheSanAndNotForTheCommonName) {
  Plan authority = good_authority();
  const PrivateKey authority_key = PrivateKey::generate(KeyType::p256);
  const auto accepted = [&](const char* constraints, const Plan& leaf) {
    authority.set("nameConstraints", constraints);
    const Issuer issuer{issue(pki.root, authority_key.public_key(), authority), authority_key};
    return verify_peer(issue(issuer, key.public_key(), leaf), {issuer.certificate}, pki.roots(),
                       PeerSide::server, Kind::node, pki.cluster, TestPki::now)
        .has_value();
  };
  Plan leaf = good();
  for (const char* common_name : {"node.outside.example", "outside", "192.0.2.1", "a node"}) {
    leaf.common_name = common_name;
    for (const char* constraints :
         {"critical,permitted;DNS:inside.example", "critical,excluded;DNS:outside.example"}) {
      leaf.dns.clear();
      EXPECT_TRUE(accepted(constraints, leaf)) << common_name << " under " << constraints;
      leaf.dns = {"node.inside.example"};
      EXPECT_TRUE(accepted(constraints, leaf)) << common_name << " under " << constraints;
      leaf.dns = {"node.outside.example"};
      EXPECT_FALSE(accepted(constraints, leaf)) << common_name << " under " << constraints;
    }
  }
}

// Anyone can turn a certificate into its twin, without a key. Both are genuine, and their
// fingerprints differ: whoever denies a certificate must go by its issuer and serial.
TEST_F(Svid, ATwinSignatureChangesTheFingerprintButNeitherIssuerNorSerial) {
  const Certificate leaf = issue(pki.intermediate, key.public_key(), good());
  const Certificate twin = twin_of(leaf);
  ASSERT_TRUE(verify(leaf));
  ASSERT_TRUE(verify(twin));
  EXPECT_EQ(*verify(twin), *verify(leaf));
  EXPECT_NE(twin.fingerprint(), leaf.fingerprint());
  EXPECT_EQ(twin.issuer(), leaf.issuer());
  EXPECT_EQ(twin.serial_hex(), leaf.serial_hex());
  EXPECT_EQ(twin.public_key().spki_sha256(), leaf.public_key().spki_sha256());
  EXPECT_EQ(twin_of(twin).fingerprint(), leaf.fingerprint());
}

}  // namespace
}  // namespace rap::crypto
