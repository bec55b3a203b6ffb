#include "crypto/testing/certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

void add_names(X509* x, const CertificatePlan& plan) {
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

}  // namespace

Certificate issue(const Issuer& issuer, const PublicKey& key, const CertificatePlan& plan) {
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

}  // namespace rap::crypto
