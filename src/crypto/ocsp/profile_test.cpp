// Every certificate of ours against its profile: RFC 5280 for the authorities, SPIFFE X509-SVID for
// what has an identity, and what S2 asks of a worker. One row a certificate, one check a MUST.
#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/x509/validation/certificate_form.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"

namespace rap::crypto {
namespace {

using Kind = wire::SpiffeId::Kind;

struct Row {
  const char* what;
  Certificate certificate;
  bool ca;
  std::optional<long> path_length;
  std::uint32_t key_usage;  // exactly these
  std::uint32_t extended_usage;  // exactly these; 0: no such extension
  std::optional<Kind> svid;  // an identity, and of which kind
  bool must_staple = false;
  bool no_check = false;
};

bool critical(const Certificate& c, int nid) {
  const int at = X509_get_ext_by_NID(c.native(), nid, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(c.native(), at)) == 1;
}
bool has(const Certificate& c, int nid) { return X509_get_ext_by_NID(c.native(), nid, -1) >= 0; }

struct Profiles : testing::Test {
  Certificate leaf(Kind kind, const LeafProfile& profile) {
    SubjectNames names;
    names.uris = {wire::SpiffeId{pki.cluster, kind, NodeId::random(pki.rng).bytes()}.str()};
    names.dns = {"entry.example"};
    names.ips = {"192.0.2.1"};
    return issue_leaf(pki.intermediate, PrivateKey::generate(KeyType::p256).public_key(), names,
                      {TestPki::now, TestPki::now + 30 * TestPki::day}, pki.rng, profile);
  }
  TestPki pki{1};
  const std::string url = "http://ocsp.example:9092/ocsp/";
  const std::string crl = "http://ocsp.example:9092/crl/rap-0123456789abcdef";
};

void check_authority(const Row& row) {
  const Certificate& c = row.certificate;
  EXPECT_TRUE(has(c, NID_subject_key_identifier));
  EXPECT_TRUE(c.names().uris.empty());
  EXPECT_FALSE(c.common_name().empty());
}

// X509-SVID §2 to §4, for leaves.
void check_svid(const Row& row) {
  const Certificate& c = row.certificate;
  const SubjectNames names = c.names();
  ASSERT_EQ(names.uris.size(), 1U) << "exactly one URI SAN";
  EXPECT_FALSE(names.has_other);
  const auto id = wire::SpiffeId::parse(names.uris.front());
  ASSERT_TRUE(id);
  EXPECT_EQ(id->kind, *row.svid);
  EXPECT_TRUE(critical(c, NID_subject_alt_name)) << "there is no subject (RFC 5280 4.2.1.6)";
  EXPECT_EQ(c.common_name(), "") << "CN is no identity, so there is none";
  EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(c.native())), 0);
}

void check(const Row& row) {
  const Certificate& c = row.certificate;
  X509* x = c.native();
  EXPECT_TRUE(well_formed(c)) << "version, serial, key, algorithm, extensions as DER";
  EXPECT_EQ(c.public_key().type(), KeyType::p256);
  EXPECT_EQ(X509_get_signature_nid(x), NID_ecdsa_with_SHA256);
  EXPECT_EQ(c.serial_hex().size(), 40U);
  EXPECT_EQ(c.is_ca(), row.ca);
  EXPECT_TRUE(critical(c, NID_basic_constraints));
  EXPECT_EQ(X509_get_pathlen(x), row.path_length.value_or(-1));
  EXPECT_TRUE(critical(c, NID_key_usage)) << "X509-SVID 4.3";
  EXPECT_EQ(X509_get_key_usage(x), row.key_usage);
  const std::uint32_t extended = has(c, NID_ext_key_usage) ? X509_get_extended_key_usage(x) : 0;
  EXPECT_EQ(extended, row.extended_usage);
  EXPECT_TRUE(has(c, NID_subject_key_identifier));
  EXPECT_EQ(has(c, NID_authority_key_identifier), !c.self_issued());
  EXPECT_EQ(c.must_staple(), row.must_staple);
  EXPECT_EQ(c.ocsp_url().empty(), !row.must_staple);
  EXPECT_EQ(has(c, NID_crl_distribution_points), row.must_staple);
  EXPECT_EQ(has(c, NID_id_pkix_OCSP_noCheck), row.no_check);
  EXPECT_FALSE(has(c, NID_name_constraints));
  if (row.ca) check_authority(row);
  if (row.svid) check_svid(row);
  EXPECT_EQ(has(c, NID_subject_alt_name), row.svid.has_value());
}

TEST_F(Profiles, EveryCertificateWeIssueIsExactlyWhatItsProfileSays) {
  constexpr std::uint32_t kIssues = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
  constexpr std::uint32_t kSigns = KU_DIGITAL_SIGNATURE;
  constexpr std::uint32_t kBoth = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  const LeafProfile node{.must_staple = true, .ocsp_url = url, .crl_url = crl};
  const LeafProfile worker{.client = false, .must_staple = true, .ocsp_url = url, .crl_url = crl};
  const Issuer signer = make_ocsp_signer(pki.intermediate, pki.cluster, TestPki::validity, pki.rng);
  const std::vector<Row> table = {
      {"root", pki.root.certificate, true, std::nullopt, kIssues, 0, std::nullopt},
      {"intermediate", pki.intermediate.certificate, true, 0, kIssues | kSigns, 0, std::nullopt},
      {"node", leaf(Kind::node, node), false, std::nullopt, kSigns, kBoth, Kind::node, true},
      {"worker", leaf(Kind::worker, worker), false, std::nullopt, kSigns, XKU_SSL_SERVER,
       Kind::worker, true},
      {"control", leaf(Kind::control, {}), false, std::nullopt, kSigns, kBoth, Kind::control},
      {"OCSP signer", signer.certificate, false, std::nullopt, kSigns, XKU_OCSP_SIGN, std::nullopt,
       false, true},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.what);
    check(row);
  }
}

TEST_F(Profiles, EachIsTakenInItsPlaceAndInNoOther) {
  const Certificate worker = leaf(Kind::worker, {.client = false});
  const auto verify = [&](const Certificate& leaf, PeerSide side, Kind kind) {
    const auto peer = verify_peer(leaf, {pki.intermediate.certificate}, pki.roots(), side, kind,
                                  pki.cluster, TestPki::now);
    return peer ? "accepted" : std::string(to_string(peer.error()));
  };
  EXPECT_EQ(verify(worker, PeerSide::server, Kind::worker), "accepted");
  EXPECT_EQ(verify(worker, PeerSide::client, Kind::worker), "wrong_key_usage");
  EXPECT_EQ(verify(worker, PeerSide::server, Kind::node), "wrong_kind");
  const Certificate node = leaf(Kind::node, {});
  EXPECT_EQ(verify(node, PeerSide::server, Kind::worker), "wrong_kind");
  const Issuer signer = make_ocsp_signer(pki.intermediate, pki.cluster, TestPki::validity, pki.rng);
  EXPECT_EQ(verify(signer.certificate, PeerSide::server, Kind::node), "wrong_key_usage");
}

}  // namespace
}  // namespace rap::crypto
