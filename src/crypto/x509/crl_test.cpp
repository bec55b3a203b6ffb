#include "crypto/x509/crl.hpp"

#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <map>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"
#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

struct Crl : testing::Test {
  TestPki pki{1};
  const WallTime now = TestPki::now;
  const WallTime next = now + std::chrono::hours{24};

  Handle<X509_crl_st> sign(std::uint64_t number, const std::vector<CrlEntry>& entries) {
    return from_der(d2i_X509_CRL, sign_crl(pki.intermediate, number, entries, now, next));
  }
};

std::map<std::string, long> entries_in(X509_CRL* crl) {
  std::map<std::string, long> out;
  STACK_OF(X509_REVOKED)* all = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(all); ++i) {
    const X509_REVOKED* one = sk_X509_REVOKED_value(all, i);
    const ASN1_INTEGER* serial = X509_REVOKED_get0_serialNumber(one);
    Handle<asn1_string_st> reason(static_cast<ASN1_ENUMERATED*>(
        X509_REVOKED_get_ext_d2i(one, NID_crl_reason, nullptr, nullptr)));
    out[to_hex(
        {ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))})] =
        reason ? ASN1_ENUMERATED_get(reason.get()) : 0;
  }
  return out;
}

TEST_F(Crl, IsSignedByItsIssuerNamesItsKeyAndHasANumber) {
  const auto crl = sign(7, {});
  ASSERT_TRUE(crl);
  EXPECT_EQ(X509_CRL_get_version(crl.get()), X509_CRL_VERSION_2);
  EXPECT_EQ(X509_CRL_verify(crl.get(), pki.intermediate.certificate.public_key().native()), 1);
  EXPECT_NE(X509_CRL_verify(crl.get(), pki.root.certificate.public_key().native()), 1);
  EXPECT_EQ(X509_NAME_cmp(X509_CRL_get_issuer(crl.get()),
                          X509_get_subject_name(pki.intermediate.certificate.native())),
            0);
  const Handle<asn1_string_st> number(static_cast<ASN1_INTEGER*>(
      X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
  ASSERT_TRUE(number);
  EXPECT_EQ(ASN1_INTEGER_get(number.get()), 7);
  EXPECT_GE(X509_CRL_get_ext_by_NID(crl.get(), NID_authority_key_identifier, -1), 0);
  EXPECT_EQ(X509_CRL_get_ext_count(crl.get()), 2);
  EXPECT_TRUE(entries_in(crl.get()).empty());
  const ASN1_TIME* until = X509_CRL_get0_nextUpdate(crl.get());
  EXPECT_EQ(ASN1_TIME_cmp_time_t(until, to_unix(next)), 0);
}

TEST_F(Crl, ListsWhatWasRevokedWithItsReason) {
  const std::string some = "40000000000000000000000000000000000000aa";
  const std::string other = "7fffffffffffffffffffffffffffffffffffffff";
  const auto crl = sign(1, {{other, now, RevocationReason::key_compromise}, {some, now}});
  ASSERT_TRUE(crl);
  EXPECT_EQ(X509_CRL_verify(crl.get(), pki.intermediate.certificate.public_key().native()), 1);
  const std::map<std::string, long> expected = {{some, 0}, {other, 1}};
  EXPECT_EQ(entries_in(crl.get()), expected);
}

TEST_F(Crl, FindsACertificateOfOursByItsSerial) {
  const auto member = pki.member();
  const auto crl = sign(1, {{member.leaf.serial_hex(), now}});
  ASSERT_TRUE(crl);
  X509_REVOKED* found = nullptr;
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &found, member.leaf.native()), 1);
  EXPECT_EQ(X509_CRL_get0_by_cert(crl.get(), &found, pki.member().leaf.native()), 0);
}

}  // namespace
}  // namespace rap::crypto
