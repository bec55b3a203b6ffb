#include "crypto/ocsp/ocsp.hpp"

#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <functional>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/testing/certificates.hpp"
#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

using std::chrono::seconds;

constexpr WallTime kNow = TestPki::now;

// A response in which everything can be chosen; as it stands it makes `leaf` good.
struct Said {
  Issuer signer;
  Certificate about;
  Certificate issuer;
  OcspStatus status{OcspStatus::Kind::good};
  WallTime this_update = kNow;
  WallTime next_update = kNow + kMaxStapleAge;
  const EVP_MD* digest = EVP_sha256();
  const EVP_MD* hash = EVP_sha256();
  bool next = true;
  bool twice = false;
  bool critical = false;
  bool with_certificate = true;

  Bytes der() const {
    const Handle<ocsp_basic_response_st> basic(OCSP_BASICRESP_new());
    const Handle<ocsp_cert_id_st> id(OCSP_cert_to_id(hash, about.native(), issuer.native()));
    const auto time = [](WallTime t) {
      return Handle<asn1_string_st>(ASN1_GENERALIZEDTIME_set(nullptr, to_unix(t)));
    };
    const auto from = time(this_update);
    const auto to = time(next_update);
    const auto gone = time(kNow - seconds{60});
    const int code = status.kind == OcspStatus::Kind::good      ? V_OCSP_CERTSTATUS_GOOD
                     : status.kind == OcspStatus::Kind::revoked ? V_OCSP_CERTSTATUS_REVOKED
                                                                : V_OCSP_CERTSTATUS_UNKNOWN;
    for (int i = 0; i < (twice ? 2 : 1); ++i) {
      OCSP_basic_add1_status(basic.get(), id.get(), code, -1,
                             status.kind == OcspStatus::Kind::revoked ? gone.get() : nullptr,
                             from.get(), next ? to.get() : nullptr);
    }
    if (critical) {
      const Handle<asn1_string_st> value(ASN1_OCTET_STRING_new());
      ASN1_OCTET_STRING_set(value.get(), reinterpret_cast<const unsigned char*>("\5\0"), 2);
      const Handle<X509_extension_st> extension(
          X509_EXTENSION_create_by_NID(nullptr, NID_id_pkix_OCSP_CrlID, 1, value.get()));
      OCSP_BASICRESP_add_ext(basic.get(), extension.get(), -1);
    }
    OCSP_basic_sign(basic.get(), signer.certificate.native(), signer.key.native(), digest, nullptr,
                    with_certificate ? 0 : OCSP_NOCERTS);
    const Handle<ocsp_response_st> response(
        OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
    return to_der(i2d_OCSP_RESPONSE, const_cast<const OCSP_RESPONSE*>(response.get()));
  }
};

struct Ocsp : testing::Test {
  TestPki pki{1};
  TestPki foreign{2};
  TestMember member = pki.member();
  Issuer delegate = make_ocsp_signer(pki.intermediate, pki.cluster, TestPki::validity, pki.rng);
  const Certificate& issuer = pki.intermediate.certificate;

  Said said() const { return {delegate, member.leaf, issuer}; }
  // A signer that no authority of ours would certify.
  Issuer signer(const std::function<void(CertificatePlan&)>& change,
                const std::optional<Issuer>& by = std::nullopt) const {
    CertificatePlan plan;
    plan.set("extendedKeyUsage", "OCSPSigning");
    plan.dns = {};
    plan.common_name = "a signer";
    change(plan);
    const PrivateKey key = PrivateKey::generate(KeyType::p256);
    return {issue(by.value_or(pki.intermediate), key.public_key(), plan), key};
  }
  std::string verdict(ByteView response, WallTime now = kNow,
                      seconds max_age = kMaxStapleAge) const {
    const auto fault = check_ocsp_response(response, member.leaf, issuer, now, max_age);
    return fault ? std::string(to_string(*fault)) : "good";
  }
};

// Scenario 6: one row a way in which a response can be what it should not.
TEST_F(Ocsp, TheDecisionTableHoldsInEveryRow) {
  struct Row {
    const char* what;
    std::function<void(Said&)> change;
    const char* expected;
    WallTime now = kNow;
    seconds max_age = kMaxStapleAge;
  };
  const Certificate other = pki.member().leaf;
  const Certificate strange = foreign.member().leaf;
  const WallTime day_later = kNow + TestPki::day;
  const std::vector<Row> table = {
      {"fresh, good, by the delegated signer", [](Said&) {}, "good"},
      {"by the issuer itself", [&](Said& s) { s.signer = pki.intermediate; }, "good"},
      {"by the issuer, whose certificate does not come along",
       [&](Said& s) {
         s.signer = pki.intermediate;
         s.with_certificate = false;
       },
       "good"},
      {"the id hashed with SHA-1", [](Said& s) { s.hash = EVP_sha1(); }, "good"},
      {"signed with SHA-384", [](Said& s) { s.digest = EVP_sha384(); }, "good"},
      {"without nextUpdate", [](Said& s) { s.next = false; }, "good"},

      {"two answers about the certificate", [](Said& s) { s.twice = true; }, "malformed"},
      {"a critical extension", [](Said& s) { s.critical = true; }, "malformed"},
      {"nextUpdate before thisUpdate", [](Said& s) { s.next_update = kNow - seconds{1}; },
       "malformed"},

      {"signed with SHA-1", [](Said& s) { s.digest = EVP_sha1(); }, "wrong_signer"},
      {"the delegate's certificate is missing", [](Said& s) { s.with_certificate = false; },
       "wrong_signer"},
      {"by the certificate itself", [&](Said& s) { s.signer = {member.leaf, member.key}; },
       "wrong_signer"},
      {"by the root, which did not issue it", [&](Said& s) { s.signer = pki.root; },
       "wrong_signer"},
      {"by a delegate of the root",
       [&](Said& s) {
         s.signer = make_ocsp_signer(pki.root, pki.cluster, TestPki::validity, pki.rng);
       },
       "wrong_signer"},
      {"by the delegate of another authority",
       [&](Said& s) {
         s.signer = make_ocsp_signer(foreign.intermediate, pki.cluster, TestPki::validity, pki.rng);
       },
       "wrong_signer"},
      {"a signer without the usage OCSPSigning",
       [&](Said& s) {
         s.signer = signer([](auto& p) { p.set("extendedKeyUsage", "serverAuth,clientAuth"); });
       },
       "wrong_signer"},
      {"a signer with any extended usage",
       [&](Said& s) {
         s.signer = signer([](auto& p) { p.set("extendedKeyUsage", "anyExtendedKeyUsage"); });
       },
       "wrong_signer"},
      {"a signer without an extended usage",
       [&](Said& s) { s.signer = signer([](auto& p) { p.drop("extendedKeyUsage"); }); },
       "wrong_signer"},
      {"a signer that may not sign",
       [&](Said& s) {
         s.signer = signer([](auto& p) { p.set("keyUsage", "critical,keyAgreement"); });
       },
       "wrong_signer"},
      {"a signer that is an authority",
       [&](Said& s) {
         s.signer = signer([](auto& p) { p.set("basicConstraints", "critical,CA:TRUE"); });
       },
       "wrong_signer"},
      {"a signer certified with SHA-1",
       [&](Said& s) { s.signer = signer([](auto& p) { p.digest = "SHA1"; }); }, "wrong_signer"},
      {"a signer that has expired", [](Said& s) { s.this_update = kNow + TestPki::day; },
       "wrong_signer", kNow + 2 * TestPki::day},

      {"about another certificate", [&](Said& s) { s.about = other; }, "wrong_certificate"},
      {"about a certificate of another issuer",
       [&](Said& s) {
         s.about = strange;
         s.issuer = foreign.intermediate.certificate;
       },
       "wrong_certificate"},
      {"the same serial under another issuer", [&](Said& s) { s.issuer = pki.root.certificate; },
       "wrong_certificate"},
      {"the id hashed with SHA-512", [](Said& s) { s.hash = EVP_sha512(); }, "wrong_certificate"},

      {"thisUpdate as far ahead as clocks may differ",
       [](Said& s) { s.this_update = kNow + kOcspClockSkew; }, "good"},
      {"thisUpdate further ahead",
       [](Said& s) { s.this_update = kNow + kOcspClockSkew + seconds{1}; }, "not_yet_valid"},

      {"a second before nextUpdate", [](Said&) {}, "good", kNow + kMaxStapleAge - seconds{1}},
      {"at nextUpdate", [](Said&) {}, "stale", kNow + kMaxStapleAge},
      {"as old as it may be, nextUpdate far ahead", [&](Said& s) { s.next_update = day_later; },
       "good", kNow + kMaxStapleAge},
      {"a second older", [&](Said& s) { s.next_update = day_later; }, "stale",
       kNow + kMaxStapleAge + seconds{1}},
      {"old without nextUpdate", [](Said& s) { s.next = false; }, "stale",
       kNow + kMaxStapleAge + seconds{1}},
      {"older where that is allowed", [&](Said& s) { s.next_update = day_later; }, "good",
       kNow + seconds{3 * 3600}, seconds{86'400}},

      {"revoked", [](Said& s) { s.status.kind = OcspStatus::Kind::revoked; }, "revoked"},
      {"revoked, and stale", [](Said& s) { s.status.kind = OcspStatus::Kind::revoked; }, "stale",
       kNow + kMaxStapleAge},
      {"unknown", [](Said& s) { s.status.kind = OcspStatus::Kind::unknown; }, "unknown"},
  };
  for (const Row& row : table) {
    Said response = said();
    // A signer for longer than the table's days, except where that is the point.
    if (std::string_view(row.what).find("has expired") != std::string_view::npos) {
      response.signer = make_ocsp_signer(pki.intermediate, pki.cluster,
                                         {kNow - TestPki::day, kNow + TestPki::day}, pki.rng);
    }
    row.change(response);
    EXPECT_EQ(verdict(response.der(), row.now, row.max_age), row.expected) << row.what;
  }
}

TEST_F(Ocsp, NothingIsNoResponse) { EXPECT_EQ(verdict({}), "missing"); }

TEST_F(Ocsp, WhatDoesNotParseIsMalformed) {
  const Bytes good = said().der();
  EXPECT_EQ(verdict(good), "good");
  EXPECT_EQ(verdict(as_bytes("no response")), "malformed");
  EXPECT_EQ(verdict(ByteView(good).first(good.size() - 1)), "malformed");
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(verdict(longer), "malformed");
  EXPECT_EQ(verdict(Bytes(kMaxOcspResponseBytes + 1, 0x30)), "malformed");
  for (const auto error :
       {OcspError::malformed_request, OcspError::try_later, OcspError::unauthorized}) {
    EXPECT_EQ(verdict(ocsp_error(error)), "malformed");
  }
}

TEST_F(Ocsp, NoBitOfAResponseCanBeTurned) {
  const Bytes good = said().der();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bent = good;
      bent[i] = static_cast<std::uint8_t>(bent[i] ^ (1U << bit));
      EXPECT_NE(verdict(bent), "good") << "byte " << i << " bit " << bit;
    }
  }
}

TEST_F(Ocsp, WhatTheResponderSignsIsWhatTheClientReads) {
  for (const auto hash : {OcspHash::sha1, OcspHash::sha256}) {
    const auto request = parse_ocsp_request(make_ocsp_request(member.leaf, issuer, hash));
    ASSERT_TRUE(request);
    ASSERT_EQ(request->certificates.size(), 1U);
    const OcspCertId& id = request->certificates.front();
    EXPECT_EQ(id.serial, member.leaf.serial_hex());
    EXPECT_EQ(id.hash, hash);
    EXPECT_TRUE(id.is_issued_by(issuer));
    EXPECT_FALSE(id.is_issued_by(pki.root.certificate));
    EXPECT_FALSE(id.is_issued_by(foreign.intermediate.certificate));
    EXPECT_TRUE(request->nonce.empty());

    const OcspStatus status{OcspStatus::Kind::revoked, kNow - seconds{90},
                            RevocationReason::privilege_withdrawn};
    const Bytes response =
        sign_ocsp_response(delegate, {{id, status, kNow, kNow + kMaxStapleAge}}, {}, kNow);
    const auto reading = read_ocsp_response(response, member.leaf, issuer, kNow);
    ASSERT_TRUE(reading) << to_string(reading.error());
    EXPECT_EQ(reading->status.kind, OcspStatus::Kind::revoked);
    EXPECT_EQ(reading->status.revoked_at, status.revoked_at);
    EXPECT_EQ(reading->status.reason, status.reason);
    EXPECT_EQ(reading->this_update, kNow);
    EXPECT_EQ(reading->next_update, kNow + kMaxStapleAge);
  }
}

// --- requests ----------------------------------------------------------------------------------

Bytes request_of(const Certificate& leaf, const Certificate& issuer, int certificates,
                 std::optional<std::size_t> nonce, const EVP_MD* hash = EVP_sha1(),
                 int critical_nid = NID_undef) {
  const Handle<ocsp_request_st> request(OCSP_REQUEST_new());
  for (int i = 0; i < certificates; ++i) {
    OCSP_request_add0_id(request.get(), OCSP_cert_to_id(hash, leaf.native(), issuer.native()));
  }
  const auto add = [&](int nid, ByteView value, bool critical) {
    const Handle<asn1_string_st> octets(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size()));
    const Handle<X509_extension_st> e(
        X509_EXTENSION_create_by_NID(nullptr, nid, critical ? 1 : 0, octets.get()));
    OCSP_REQUEST_add_ext(request.get(), e.get(), -1);
  };
  if (nonce) {
    Bytes value = {V_ASN1_OCTET_STRING};
    if (*nonce > 127) value.push_back(0x81);  // the length has a byte of its own
    value.push_back(static_cast<std::uint8_t>(*nonce));
    value.resize(value.size() + *nonce, 0xab);
    add(NID_id_pkix_OCSP_Nonce, value, false);
  }
  if (critical_nid != NID_undef) add(critical_nid, Bytes{5, 0}, true);
  return to_der(i2d_OCSP_REQUEST, const_cast<const OCSP_REQUEST*>(request.get()));
}

TEST_F(Ocsp, ARequestIsTakenUpToItsBoundsAndNotPastThem) {
  const auto parsed = [&](int certificates, std::optional<std::size_t> nonce,
                          const EVP_MD* hash = EVP_sha1(), int critical = NID_undef) {
    return parse_ocsp_request(request_of(member.leaf, issuer, certificates, nonce, hash, critical));
  };
  EXPECT_TRUE(parsed(kMaxOcspCertificates, std::nullopt));
  EXPECT_FALSE(parsed(kMaxOcspCertificates + 1, std::nullopt));
  EXPECT_FALSE(parsed(0, std::nullopt));
  EXPECT_EQ(parsed(1, 1)->nonce.size(), 1U);
  EXPECT_EQ(parsed(1, kMaxOcspNonceBytes)->nonce, Bytes(kMaxOcspNonceBytes, 0xab));
  EXPECT_FALSE(parsed(1, kMaxOcspNonceBytes + 1));
  EXPECT_FALSE(parsed(1, 0));
  EXPECT_FALSE(parsed(1, std::nullopt, EVP_sha512()));
  EXPECT_FALSE(parsed(1, std::nullopt, EVP_sha1(), NID_id_pkix_OCSP_acceptableResponses));

  const Bytes good = request_of(member.leaf, issuer, 1, std::nullopt);
  EXPECT_FALSE(parse_ocsp_request(ByteView(good).first(good.size() - 1)));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_ocsp_request(longer));
  EXPECT_FALSE(parse_ocsp_request({}));
  EXPECT_FALSE(parse_ocsp_request(Bytes(kMaxOcspRequestBytes + 1, 0x30)));
}

TEST_F(Ocsp, TheNonceComesBack) {
  const auto request = parse_ocsp_request(request_of(member.leaf, issuer, 1, 16));
  ASSERT_TRUE(request);
  const Bytes response = sign_ocsp_response(
      delegate, {{request->certificates[0], {OcspStatus::Kind::good}, kNow, kNow}}, request->nonce,
      kNow);
  const auto parsed = from_der(d2i_OCSP_RESPONSE, response);
  const Handle<ocsp_basic_response_st> basic(OCSP_response_get1_basic(parsed.get()));
  const Bytes asked = request_of(member.leaf, issuer, 1, 16);
  const auto asked_parsed = from_der(d2i_OCSP_REQUEST, asked);
  EXPECT_EQ(OCSP_check_nonce(asked_parsed.get(), basic.get()), 1);
}

TEST_F(Ocsp, AnErrorIsUnsignedAndSaysWhich) {
  const auto status = [](OcspError error) {
    return OCSP_response_status(from_der(d2i_OCSP_RESPONSE, ocsp_error(error)).get());
  };
  EXPECT_EQ(status(OcspError::malformed_request), OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
  EXPECT_EQ(status(OcspError::try_later), OCSP_RESPONSE_STATUS_TRYLATER);
  EXPECT_EQ(status(OcspError::unauthorized), OCSP_RESPONSE_STATUS_UNAUTHORIZED);
}

}  // namespace
}  // namespace rap::crypto
