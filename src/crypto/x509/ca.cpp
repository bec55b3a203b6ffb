#include "crypto/x509/ca.hpp"

#include <algorithm>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/x509/openssl_names.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kRootSubject = "RAP Platform Root ";  // then the cluster
constexpr std::size_t kSerialBytes = 20;  // the most RFC 5280 §4.1.2.2 allows

// 159 bits: the sign bit clear, the next one set, so that every serial is positive and equally
// long.
void set_serial(X509* x, RandomSource& rng) {
  std::array<std::uint8_t, kSerialBytes> serial;
  rng.fill(serial);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x3f) | 0x40);
  ASN1_INTEGER* value = X509_get_serialNumber(x);
  require(ASN1_STRING_set(value, serial.data(), static_cast<int>(serial.size())) == 1,
          "set a serial number");
}

void set_validity(X509* x, Validity validity) {
  require(ASN1_TIME_set(X509_getm_notBefore(x), to_unix(validity.not_before)) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(x), to_unix(validity.not_after)) != nullptr,
          "set a validity");
}

void set_common_name(X509_NAME* name, const std::string& text) {
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()), -1, 0) == 1,
          "set a subject");
}

void add_extension(X509* x, X509V3_CTX& context, int nid, const char* value) {
  Handle<X509_extension_st> extension(X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
  require(extension && X509_add_ext(x, extension.get(), -1) == 1, "add an extension");
}

Handle<x509_st> new_certificate(EVP_PKEY* key, Validity validity, RandomSource& rng) {
  Handle<x509_st> x(X509_new());
  require(x && X509_set_version(x.get(), X509_VERSION_3) == 1 && X509_set_pubkey(x.get(), key) == 1,
          "start a certificate");
  set_serial(x.get(), rng);
  set_validity(x.get(), validity);
  return x;
}

Certificate signed_by(Handle<x509_st> x, const PrivateKey& key) {
  require(X509_sign(x.get(), key.native(), EVP_sha256()) > 0, "sign a certificate");
  // The way through DER leaves nothing of the construction in the object.
  auto parsed = Certificate::from_der(to_der(i2d_X509, const_cast<const X509*>(x.get())));
  require(parsed.has_value(), "read a certificate it made");
  return *parsed;
}

// A certificate under an issuer, with its names and extensions to come.
struct Draft {
  Handle<x509_st> x;
  X509V3_CTX context{};

  void add(int nid, const char* value) { add_extension(x.get(), context, nid, value); }
};

// Valid no longer than the issuer. The draft refers to it and must not outlive it.
Draft draft_under(const Issuer& issuer, EVP_PKEY* key, Validity validity, RandomSource& rng) {
  validity.not_after = std::min(validity.not_after, issuer.certificate.not_after());
  Draft draft{new_certificate(key, validity, rng)};
  X509* from = issuer.certificate.native();
  require(X509_set_issuer_name(draft.x.get(), X509_get_subject_name(from)) == 1, "set an issuer");
  X509V3_set_ctx(&draft.context, from, draft.x.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&draft.context);
  return draft;
}

}  // namespace

Issuer make_root(ClusterId cluster, Validity validity, RandomSource& rng) {
  PrivateKey key = PrivateKey::generate(KeyType::p256);
  auto x = new_certificate(key.native(), validity, rng);
  set_common_name(X509_get_subject_name(x.get()), std::string(kRootSubject) + cluster.str());
  require(X509_set_issuer_name(x.get(), X509_get_subject_name(x.get())) == 1, "set an issuer");

  X509V3_CTX context;
  X509V3_set_ctx(&context, x.get(), x.get(), nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  add_extension(x.get(), context, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(x.get(), context, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(x.get(), context, NID_subject_key_identifier, "hash");
  Certificate certificate = signed_by(std::move(x), key);
  return {std::move(certificate), std::move(key)};
}

std::optional<ClusterId> cluster_of_roots(const std::vector<Certificate>& roots) {
  std::optional<ClusterId> named;
  for (const Certificate& root : roots) {
    const std::string subject = root.common_name();
    if (!subject.starts_with(kRootSubject)) return std::nullopt;
    const auto cluster = ClusterId::parse(subject.substr(kRootSubject.size()));
    if (!cluster || cluster->is_nil() || (named && named != cluster)) return std::nullopt;
    named = cluster;
  }
  return named;
}

Issuer make_intermediate(const Issuer& root, ClusterId cluster, Validity validity,
                         RandomSource& rng) {
  PrivateKey key = PrivateKey::generate(KeyType::p256);
  Draft draft = draft_under(root, key.native(), validity, rng);
  set_common_name(X509_get_subject_name(draft.x.get()),
                  "RAP Platform Intermediate " + cluster.str());
  draft.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  draft.add(NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
  draft.add(NID_subject_key_identifier, "hash");
  draft.add(NID_authority_key_identifier, "keyid:always");
  Certificate certificate = signed_by(std::move(draft.x), root.key);
  return {std::move(certificate), std::move(key)};
}

Certificate issue_leaf(const Issuer& issuer, const PublicKey& subject_key,
                       const SubjectNames& names, Validity validity, RandomSource& rng,
                       const LeafProfile& profile) {
  Draft draft = draft_under(issuer, subject_key.native(), validity, rng);
  draft.add(NID_basic_constraints, "critical,CA:FALSE");
  draft.add(NID_key_usage, "critical,digitalSignature");
  draft.add(NID_ext_key_usage, profile.client ? "serverAuth,clientAuth" : "serverAuth");
  draft.add(NID_subject_key_identifier, "hash");
  draft.add(NID_authority_key_identifier, "keyid:always");
  if (profile.must_staple) draft.add(NID_tlsfeature, "status_request");
  if (!profile.ocsp_url.empty()) {
    draft.add(NID_info_access, ("OCSP;URI:" + profile.ocsp_url).c_str());
  }
  if (!profile.crl_url.empty()) {
    draft.add(NID_crl_distribution_points, ("URI:" + profile.crl_url).c_str());
  }
  auto san = make_names(names);
  const int critical = 1;  // RFC 5280 §4.2.1.6: there is no subject
  require(sk_GENERAL_NAME_num(san.get()) > 0 &&
              X509_add1_ext_i2d(draft.x.get(), NID_subject_alt_name, san.get(), critical,
                                X509V3_ADD_DEFAULT) == 1,
          "add the subject alternative names");
  return signed_by(std::move(draft.x), issuer.key);
}

Issuer make_ocsp_signer(const Issuer& issuer, ClusterId cluster, Validity validity,
                        RandomSource& rng) {
  PrivateKey key = PrivateKey::generate(KeyType::p256);
  Draft draft = draft_under(issuer, key.native(), validity, rng);
  set_common_name(X509_get_subject_name(draft.x.get()), "RAP OCSP Signer " + cluster.str());
  draft.add(NID_basic_constraints, "critical,CA:FALSE");
  draft.add(NID_key_usage, "critical,digitalSignature");
  draft.add(NID_ext_key_usage, "OCSPSigning");
  draft.add(NID_id_pkix_OCSP_noCheck, "ignored");
  draft.add(NID_subject_key_identifier, "hash");
  draft.add(NID_authority_key_identifier, "keyid:always");
  Certificate certificate = signed_by(std::move(draft.x), issuer.key);
  return {std::move(certificate), std::move(key)};
}

}  // namespace rap::crypto
