// The rules of SPIFFE X509-SVID, case by case: certificates that no authority of ours would issue,
// each of which departs from a correct leaf in one way, and all of which are refused.
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <functional>

#include "base/encoding.hpp"
#include "crypto/openssl_handle.hpp"
#include "crypto/peer_verifier.hpp"
#include "crypto/test_pki.hpp"

namespace rap::crypto {
namespace {

using Fault = CertificateFault;
using Kind = wire::SpiffeId::Kind;

struct Plan {
  std::vector<std::pair<std::string, std::string>> extensions = {
      {"basicConstraints", "critical,CA:FALSE"},
      {"keyUsage", "critical,digitalSignature"},
      {"extendedKeyUsage", "serverAuth,clientAuth"},
      {"subjectKeyIdentifier", "hash"},
      {"authorityKeyIdentifier", "keyid:always"}};
  std::vector<std::string> uris;
  std::vector<std::string> dns = {"localhost"};
  std::vector<std::string> emails;
  bool names_critical = true;
  bool names_twice = false;
  std::string serial_hex = "4000000000000000000000000000000000000001";
  std::string common_name;
  long version = X509_VERSION_3;
  const char* digest = "SHA256";

  Plan& set(const std::string& name, const std::string& value) {
    drop(name);
    extensions.emplace_back(name, value);
    return *this;
  }
  Plan& drop(const std::string& name) {
    std::erase_if(extensions, [&](const auto& e) { return e.first == name; });
    return *this;
  }
};

void add_names(X509* x, const Plan& plan) {
  Handle<stack_st_GENERAL_NAME> names(sk_GENERAL_NAME_new_null());
  const auto add = [&](int type, const std::string& text) {
    GENERAL_NAME* name = GENERAL_NAME_new();
    ASN1_STRING* value = ASN1_STRING_type_new(V_ASN1_IA5STRING);
    ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
    GENERAL_NAME_set0_value(name, type, value);
    sk_GENERAL_NAME_push(names.get(), name);
  };
  for (const auto& uri : plan.uris) add(GEN_URI, uri);
  for (const auto& dns : plan.dns) add(GEN_DNS, dns);
  for (const auto& email : plan.emails) add(GEN_EMAIL, email);
  if (sk_GENERAL_NAME_num(names.get()) == 0) return;
  for (int i = 0; i < (plan.names_twice ? 2 : 1); ++i) {
    ASSERT_EQ(X509_add1_ext_i2d(x, NID_subject_alt_name, names.get(), plan.names_critical,
                                X509V3_ADD_APPEND),
              1);
  }
}

Certificate issue(const Issuer& issuer, const PublicKey& key, const Plan& plan) {
  Handle<x509_st> x(X509_new());
  X509_set_version(x.get(), plan.version);
  BIGNUM* serial = nullptr;
  BN_hex2bn(&serial, plan.serial_hex.c_str());
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x.get()));
  BN_free(serial);
  ASN1_TIME_set(X509_getm_notBefore(x.get()), to_unix(TestPki::now - TestPki::day));
  ASN1_TIME_set(X509_getm_notAfter(x.get()), to_unix(TestPki::now + TestPki::day));
  X509_set_pubkey(x.get(), key.native());
  X509* from = issuer.certificate.native();
  X509_set_issuer_name(x.get(), X509_get_subject_name(from));
  if (!plan.common_name.empty()) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(plan.common_name.c_str()), -1,
                               -1, 0);
  }
  X509V3_CTX context;
  X509V3_set_ctx(&context, from, x.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  for (const auto& [name, value] : plan.extensions) {
    Handle<X509_extension_st> extension(
        X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str()));
    EXPECT_TRUE(extension) << name << "=" << value;
    if (extension) X509_add_ext(x.get(), extension.get(), -1);
  }
  add_names(x.get(), plan);
  EXPECT_GT(X509_sign(x.get(), issuer.key.native(), EVP_get_digestbyname(plan.digest)), 0);
  auto parsed = Certificate::from_der(to_der(i2d_X509, const_cast<const X509*>(x.get())));
  EXPECT_TRUE(parsed);
  return parsed ? *parsed : issuer.certificate;
}

PublicKey key_of(EVP_PKEY* key) { return PrivateKey(Handle<evp_pkey_st>(key)).public_key(); }

struct Svid : testing::Test {
  Plan good() const {
    Plan plan;
    plan.uris = {id.str()};
    return plan;
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
  Plan authority;
  authority.dns.clear();
  authority.common_name = "authority";
  authority.drop("extendedKeyUsage");
  authority.set("basicConstraints", "critical,CA:TRUE");
  authority.set("keyUsage", "critical,keyCertSign");
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

// The same certificate with the other of the two ECDSA signatures that verify: (r, n - s).
Certificate twin_of(const Certificate& certificate) {
  auto copy = from_der(d2i_X509, certificate.der());
  const ASN1_BIT_STRING* bits = nullptr;
  X509_get0_signature(&bits, nullptr, copy.get());
  auto signature = from_der(d2i_ECDSA_SIG, {bits->data, static_cast<std::size_t>(bits->length)});
  Handle<bignum_st> r(BN_dup(ECDSA_SIG_get0_r(signature.get())));
  Handle<bignum_st> s(BN_new());
  BIGNUM* order = nullptr;
  BN_hex2bn(&order, "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
  BN_sub(s.get(), order, ECDSA_SIG_get0_s(signature.get()));
  BN_free(order);
  ECDSA_SIG_set0(signature.get(), r.release(), s.release());
  const Bytes twin = to_der(i2d_ECDSA_SIG, const_cast<const ECDSA_SIG*>(signature.get()));
  ASN1_STRING_set(const_cast<ASN1_BIT_STRING*>(bits), twin.data(), static_cast<int>(twin.size()));
  return *Certificate::from_der(to_der(i2d_X509, const_cast<const X509*>(copy.get())));
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
