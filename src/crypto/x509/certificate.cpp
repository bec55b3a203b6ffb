#include "crypto/x509/certificate.hpp"

#include <algorithm>
#include <ctime>

#include <arpa/inet.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/x509/openssl_names.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kLabel = "CERTIFICATE";

// The zero time for a value that is no time; path validation refuses such a certificate itself.
WallTime wall_time(const ASN1_TIME* t) {
  const QuietErrors quiet;
  std::tm fields{};
  if (t == nullptr || ASN1_TIME_to_tm(t, &fields) != 1) return WallTime{};
  return from_unix(timegm(&fields));
}

// The form of inet_ntop; nullopt for what is no IP literal.
std::optional<std::string> canonical_ip(std::string_view text) {
  const std::string host(text);
  char out[INET6_ADDRSTRLEN];
  for (const int family : {AF_INET, AF_INET6}) {
    std::uint8_t raw[16];
    if (inet_pton(family, host.c_str(), raw) == 1 &&
        inet_ntop(family, raw, out, sizeof out) != nullptr) {
      return out;
    }
  }
  return std::nullopt;
}

// DNS names differ in case only (RFC 4343); of ASCII, whatever the locale.
bool same_host(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::optional<Certificate> Certificate::from_der(ByteView der) {
  const QuietErrors quiet;
  std::shared_ptr<X509> x = crypto::from_der(d2i_X509, der);
  if (!x || X509_get0_pubkey(x.get()) == nullptr) return std::nullopt;
  // Only DER encodes back to itself; with BER one certificate could have many fingerprints.
  if (to_der(i2d_X509, const_cast<const X509*>(x.get())) != to_bytes(der)) return std::nullopt;
  return Certificate(std::move(x));
}

std::optional<Certificate> Certificate::from_pem(std::string_view pem) {
  auto chain = chain_from_pem(pem);
  if (!chain) return std::nullopt;
  return chain->front();
}

std::optional<std::vector<Certificate>> Certificate::chain_from_pem(std::string_view pem) {
  auto blocks = parse_pem(pem);
  if (!blocks) return std::nullopt;
  std::vector<Certificate> chain;
  for (const PemBlock& block : *blocks) {
    if (block.label != kLabel) return std::nullopt;
    auto certificate = from_der(block.der);
    if (!certificate) return std::nullopt;
    chain.push_back(std::move(*certificate));
  }
  return chain;
}

std::string Certificate::pem() const { return encode_pem(kLabel, der()); }

Bytes Certificate::der() const { return to_der(i2d_X509, const_cast<const X509*>(x_.get())); }

std::string Certificate::common_name() const {
  const X509_NAME* subject = X509_get_subject_name(x_.get());
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  const QuietErrors quiet;
  unsigned char* text = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return out;
}

std::string Certificate::issuer() const { return name_text(X509_get_issuer_name(x_.get())); }

std::string Certificate::serial_hex() const {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x_.get());
  ByteView magnitude(ASN1_STRING_get0_data(serial),
                     static_cast<std::size_t>(ASN1_STRING_length(serial)));
  while (magnitude.size() > 1 && magnitude[0] == 0) magnitude = magnitude.subspan(1);
  const bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
  return (negative ? "-" : "") + to_hex(magnitude);
}

WallTime Certificate::not_before() const { return wall_time(X509_get0_notBefore(x_.get())); }
WallTime Certificate::not_after() const { return wall_time(X509_get0_notAfter(x_.get())); }

SubjectNames Certificate::names() const {
  const QuietErrors quiet;
  int critical = 0;
  Handle<stack_st_GENERAL_NAME> names(static_cast<stack_st_GENERAL_NAME*>(
      X509_get_ext_d2i(x_.get(), NID_subject_alt_name, &critical, nullptr)));
  if (names) return read_names(names.get());
  constexpr int kAbsent = -1;  // any other value: the extension is malformed or there are two
  SubjectNames none;
  none.has_other = critical != kAbsent;
  return none;
}

bool Certificate::speaks_for(std::string_view host) const {
  const SubjectNames all = names();
  if (const auto ip = canonical_ip(host)) return std::ranges::find(all.ips, *ip) != all.ips.end();
  return std::ranges::any_of(all.dns,
                             [&](const std::string& name) { return same_host(name, host); });
}

bool Certificate::is_ca() const { return (X509_get_extension_flags(x_.get()) & EXFLAG_CA) != 0; }

bool Certificate::must_staple() const {
  constexpr long kStatusRequest = 5;  // RFC 6066 §8
  const QuietErrors quiet;
  auto* features =
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(x_.get(), NID_tlsfeature, nullptr, nullptr));
  bool found = false;
  for (int i = 0; i < sk_ASN1_INTEGER_num(features); ++i) {
    found = found || ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == kStatusRequest;
  }
  TLS_FEATURE_free(features);
  return found;
}

std::string Certificate::ocsp_url() const {
  const QuietErrors quiet;
  STACK_OF(OPENSSL_STRING)* urls = X509_get1_ocsp(x_.get());
  std::string first = sk_OPENSSL_STRING_num(urls) > 0 ? sk_OPENSSL_STRING_value(urls, 0) : "";
  X509_email_free(urls);
  return first;
}

bool Certificate::self_issued() const {
  return X509_NAME_cmp(X509_get_subject_name(x_.get()), X509_get_issuer_name(x_.get())) == 0;
}

PublicKey Certificate::public_key() const {
  const QuietErrors quiet;
  return PublicKey(Handle<evp_pkey_st>(X509_get_pubkey(x_.get())));
}

Sha256 Certificate::issuer_hash() const {
  const X509_NAME* name = X509_get_issuer_name(x_.get());
  return sha256(to_der(i2d_X509_NAME, name));
}
Sha256 Certificate::key_hash() const {
  const X509_PUBKEY* key = X509_get_X509_PUBKEY(x_.get());
  return sha256(to_der(i2d_X509_PUBKEY, key));
}
Sha256 Certificate::fingerprint() const { return sha256(der()); }
std::string Certificate::fingerprint_hex() const { return to_hex(fingerprint()); }

std::string chain_pem(const std::vector<Certificate>& chain) {
  std::string out;
  for (const Certificate& certificate : chain) out += certificate.pem();
  return out;
}

}  // namespace rap::crypto
