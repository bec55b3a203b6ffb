// X.509 certificates and signing requests as values (RFC 5280, RFC 2986).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/x509/subject_names.hpp"

struct x509_st;

namespace rap::crypto {

class Certificate {
 public:
  static std::optional<Certificate> from_pem(std::string_view pem);  // the first in the text
  static std::optional<Certificate> from_der(ByteView der);
  // Every certificate of a PEM text, in order; nullopt if any does not parse or there is none.
  static std::optional<std::vector<Certificate>> chain_from_pem(std::string_view pem);
  explicit Certificate(std::shared_ptr<x509_st> x) : x_(std::move(x)) {}

  std::string pem() const;
  Bytes der() const;
  std::string common_name() const;  // it is for display and never an identity
  std::string issuer() const;  // RFC 2253 text, for display
  std::string serial_hex() const;  // lower case, no leading zero bytes
  WallTime not_before() const;
  WallTime not_after() const;
  SubjectNames names() const;
  // Whether the SAN has `host`, a DNS name or an IP literal. No wildcards, and never the subject.
  bool speaks_for(std::string_view host) const;
  bool is_ca() const;
  bool must_staple() const;  // TLS feature status_request (RFC 7633)
  std::string ocsp_url() const;  // the authority information access names it; empty: it names none
  bool self_issued() const;
  PublicKey public_key() const;
  // What a certificate is denied by. The fingerprint is no good for that: anyone can turn an ECDSA
  // signature into its twin, and with it the fingerprint.
  Sha256 issuer_hash() const;  // SHA-256 over the DER of the issuer's Name
  Sha256 key_hash() const;  // SHA-256 over the DER SubjectPublicKeyInfo, as it stands
  Sha256 fingerprint() const;  // SHA-256 over the DER
  std::string fingerprint_hex() const;  // 64 lower-case hex digits
  x509_st* native() const { return x_.get(); }

 private:
  std::shared_ptr<x509_st> x_;
};

std::string chain_pem(const std::vector<Certificate>& chain);

// A PKCS #10 request with the names in a subjectAltName extension request and an empty subject.
std::string make_csr(const PrivateKey& key, const SubjectNames& names);

struct CertificateRequest {
  PublicKey key;
  SubjectNames names;
  std::string subject;  // RFC 2253 text; a node's request must leave it empty
  bool asks_other_extensions = false;  // anything requested besides subjectAltName
  // A P-256 key is an uncompressed point. Written in another way it would have another hash, and
  // deny lists go by that.
  bool key_is_usual = false;

  // nullopt when malformed or when the request's own signature does not verify.
  static std::optional<CertificateRequest> from_pem(std::string_view pem);
};

}  // namespace rap::crypto
