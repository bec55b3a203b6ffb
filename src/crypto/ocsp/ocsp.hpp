// The status of a certificate, said by its issuer (RFC 6960, nonces by RFC 8954): requests and
// responses as bytes, both ends of them. No I/O; time is an argument.
//
// Who may sign a response about a certificate (RFC 6960 §4.2.2.2): its issuer itself, or whom that
// same issuer certified directly for id-kp-OCSPSigning. Nobody else, whatever roots are trusted.
// Signatures with SHA-1 count for nothing; SHA-1 as the hash of a certificate id is what the
// protocol is made with, and proves nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "crypto/x509/ca.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/revocation_reason.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxOcspRequestBytes = 4096;
inline constexpr std::size_t kMaxOcspCertificates = 8;  // asked for in one request
inline constexpr std::size_t kMaxOcspNonceBytes = 128;  // RFC 9654 §2.1: 1 to 128 octets
inline constexpr std::size_t kMaxOcspResponseBytes = std::size_t{16} * 1024;
// Clients take no response whose thisUpdate is older (CP-5).
inline constexpr std::chrono::seconds kMaxStapleAge{1800};
// A response may be from a clock that is this much ahead of ours.
inline constexpr std::chrono::seconds kOcspClockSkew{300};

enum class OcspHash : std::uint8_t { sha1, sha256 };

// Names a certificate by its issuer and serial.
struct OcspCertId {
  Bytes der;  // the DER as it came, which the answer repeats
  OcspHash hash = OcspHash::sha1;
  Bytes issuer_name_hash;
  Bytes issuer_key_hash;
  std::string serial;  // in the form of Certificate::serial_hex()

  bool is_issued_by(const Certificate& issuer) const;
  // Whether we would write it so. The parameters of the hash, which mean nothing, may be anything.
  bool is_plain(const Certificate& issuer) const;
};

struct OcspRequest {
  std::vector<OcspCertId> certificates;  // 1 to kMaxOcspCertificates
  Bytes nonce;  // empty: there was none
};

// nullopt for what a responder answers with malformedRequest: not DER, over a bound above, another
// hash, a nonce of another length, a critical extension that is not the nonce. A requestor's own
// signature is not looked at.
std::optional<OcspRequest> parse_ocsp_request(ByteView der);

// A request about `certificate`, which `issuer` issued. It has no nonce: what is stapled answers no
// request.
Bytes make_ocsp_request(const Certificate& certificate, const Certificate& issuer,
                        OcspHash hash = OcspHash::sha256);

struct OcspStatus {
  enum class Kind : std::uint8_t { good, revoked, unknown };
  Kind kind = Kind::unknown;
  WallTime revoked_at{};  // used when it is revoked
  RevocationReason reason = RevocationReason::unspecified;  // which is not said
};

struct OcspAnswer {
  OcspCertId id;
  OcspStatus status;
  WallTime this_update{};
  WallTime next_update{};
};

// Signed by `signer`, whose certificate comes along; an issuer, or one of make_ocsp_signer().
Bytes sign_ocsp_response(const Issuer& signer, const std::vector<OcspAnswer>& answers,
                         ByteView nonce, WallTime produced_at);

// An unsigned response without an answer (RFC 6960 §4.2.1).
enum class OcspError : std::uint8_t { malformed_request = 1, try_later = 3, unauthorized = 6 };
Bytes ocsp_error(OcspError error);

// Why a response does not make a certificate good. The first that holds, in this order.
enum class OcspFault : std::uint8_t {
  missing,  // there is none
  malformed,  // no DER of a successful basic response, or over kMaxOcspResponseBytes
  wrong_signer,  // the signer may not, or signed in a way that does not count
  wrong_certificate,  // about others
  not_yet_valid,  // thisUpdate is more than kOcspClockSkew ahead
  stale,  // past nextUpdate, or thisUpdate is older than allowed
  revoked,
  unknown,  // the issuer does not know the certificate
};
inline constexpr std::size_t kOcspFaults = static_cast<std::size_t>(OcspFault::unknown) + 1;
std::string_view to_string(OcspFault fault);

// What an authentic response says of one certificate.
struct OcspReading {
  OcspStatus status;
  WallTime this_update{};
  std::optional<WallTime> next_update;  // none: newer information is available at all times
};

// Is it signed by who may, at time `now`, and about `certificate`? Not whether it is fresh or good.
std::expected<OcspReading, OcspFault> read_ocsp_response(ByteView response,
                                                         const Certificate& certificate,
                                                         const Certificate& issuer, WallTime now);

// nullopt: it is fresh, at most `max_age` old, and says good.
std::optional<OcspFault> judge(const OcspReading& reading, WallTime now,
                               std::chrono::seconds max_age);

// Reads and judges a response; an empty one is `missing`.
std::optional<OcspFault> check_ocsp_response(ByteView response, const Certificate& certificate,
                                             const Certificate& issuer, WallTime now,
                                             std::chrono::seconds max_age);

}  // namespace rap::crypto
