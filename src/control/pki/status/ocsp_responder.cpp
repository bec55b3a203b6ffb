#include "control/pki/status/ocsp_responder.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/status/crl.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "policy/ip_prefix.hpp"

namespace rap::control {
namespace {

using crypto::OcspError;
using crypto::OcspStatus;

constexpr std::string_view kListener = "ocsp";
constexpr std::string_view kContentType = "application/ocsp-response";

// A revocation may be hidden by a cache for a minute (RFC 5019 §6.2).
constexpr std::string_view kCacheControl = "max-age=60, public, no-transform, must-revalidate";

// How a request was answered, for the metrics.
constexpr std::string_view kGood = "good";
constexpr std::string_view kRevoked = "revoked";
constexpr std::string_view kUnknown = "unknown";
constexpr std::string_view kMalformed = "malformed_request";
constexpr std::string_view kUnauthorized = "unauthorized";
constexpr std::string_view kTryLater = "try_later";
constexpr std::string_view kCrl = "crl";
constexpr std::string_view kNotFound = "not_found";

struct Known {
  OcspStatus status;
  CertificateKind kind = CertificateKind::node;
};

// Never issued, and issued by another, are the same to who asks.
Known look_up(Transaction& tx, const std::string& serial, const std::string& ca_ref) {
  const auto found = tx.certificates().find(serial);
  const auto it = std::ranges::find(found, ca_ref, &NodeCertificate::ca_ref);
  if (it == found.end()) return {{OcspStatus::Kind::unknown}, CertificateKind::worker};
  Known known{{OcspStatus::Kind::unknown}, it->kind};
  if (it->is_usable()) {
    known.status.kind = OcspStatus::Kind::good;
  } else if (it->status == "revoked") {
    known.status = {OcspStatus::Kind::revoked, it->revoked_at.value_or(it->not_before),
                    revocation_reason(it->holder, it->key_revoked)};
  }
  return known;
}

std::string_view outcome_of(OcspStatus::Kind kind) {
  switch (kind) {
    case OcspStatus::Kind::good: return kGood;
    case OcspStatus::Kind::revoked: return kRevoked;
    case OcspStatus::Kind::unknown: break;
  }
  return kUnknown;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

std::optional<Bytes> request_in(const wire::HttpRequest& request) {
  if (request.method == "POST") return to_bytes(as_bytes(request.body));
  const auto text = percent_decoded(std::string_view(request.path).substr(kOcspPath.size()));
  return text ? from_base64(*text) : std::nullopt;
}

}  // namespace

OcspResponder::OcspResponder(Database& database, OcspPorts ports)
    : database_(database), ports_(ports) {
  ports_.metrics.add_routes(kListener, {kGood, kRevoked, kUnknown, kMalformed, kUnauthorized,
                                        kTryLater, kCrl, kNotFound});
}

wire::HttpResponse OcspResponder::handle(const wire::HttpRequest& request, WallTime now) {
  std::string_view outcome = kNotFound;
  wire::HttpResponse response;
  try {
    response = answer(request, now, outcome);
  } catch (const std::exception& e) {
    ports_.log.error(LogCause::stranger(policy::source_network(request.peer_ip)), "ocsp.failed",
                     {{"detail", e.what()}});
    outcome = kTryLater;
    response.content_type = kContentType;
    response.body = std::string(as_text(crypto::ocsp_error(OcspError::try_later)));
  }
  ports_.metrics.count_request(kListener, outcome, response.status);
  return response;
}

wire::HttpResponse OcspResponder::answer(const wire::HttpRequest& request, WallTime now,
                                         std::string_view& outcome) {
  if (asks_for_crl(request)) {
    outcome = kCrl;
    return answer_crl({database_, ports_.authority, ports_.log}, request, now);
  }
  wire::HttpResponse response;
  const bool post =
      request.method == "POST" && (request.path == kOcspPath || request.path + "/" == kOcspPath);
  const bool get =
      (request.method == "GET" || request.method == "HEAD") && request.path.starts_with(kOcspPath);
  if (!post && !get) {
    response.status = 404;
    response.content_type = "text/plain";
    response.body =
        "This is an OCSP responder (RFC 6960); POST requests to /ocsp/. The CRL is at /crl.\n";
    return response;
  }
  response.content_type = kContentType;
  const auto der = request_in(request);
  response.body = std::string(as_text(answer(der.value_or(Bytes{}), now, outcome)));
  const bool about_a_certificate = outcome == kGood || outcome == kRevoked || outcome == kUnknown;
  if (get && about_a_certificate) response.headers.emplace_back("cache-control", kCacheControl);
  return response;
}

Bytes OcspResponder::answer(ByteView body, WallTime now, std::string_view& outcome) {
  const auto request = crypto::parse_ocsp_request(body);
  if (!request) {
    outcome = kMalformed;
    return crypto::ocsp_error(OcspError::malformed_request);
  }
  // One signature covers them all, so all have one issuer.
  const auto authority = ports_.authority.get();
  const auto signer = ports_.signers.find(request->certificates.front(), *authority,
                                          ports_.config_valid_for, ports_.rng, now);
  const bool ours =
      signer && std::ranges::all_of(request->certificates, [&](const crypto::OcspCertId& id) {
        return id.is_issued_by(signer->issuer);
      });
  if (!ours) {
    outcome = kUnauthorized;
    return crypto::ocsp_error(OcspError::unauthorized);
  }
  std::vector<crypto::OcspAnswer> answers;
  const auto ran = database_.run(Scope::cluster(authority->cluster), [&](Transaction& tx) {
    answers.clear();
    for (const crypto::OcspCertId& id : request->certificates) {
      const Known known = look_up(tx, id.serial, signer->ca_ref);
      answers.push_back(
          {id, known.status, now, now + ocsp_validity(known.kind, ports_.config_valid_for)});
    }
    return Ending::roll_back;
  });
  if (!ran) {
    outcome = kTryLater;
    return crypto::ocsp_error(OcspError::try_later);
  }
  outcome = outcome_of(answers.front().status.kind);
  return crypto::sign_ocsp_response(signer->delegate, answers, request->nonce, now);
}

}  // namespace rap::control
