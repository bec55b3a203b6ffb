#include "control/pki/status/ocsp_responder.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "base/encoding.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/status/crl_responder.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::control {
namespace {

using crypto::OcspError;
using crypto::OcspStatus;

constexpr std::string_view kListener = "ocsp";
constexpr std::string_view kOcspResponse = "application/ocsp-response";

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
  WallTime not_after{};
};

// Never issued, and issued by another, are the same to who asks.
Known look_up(Transaction& tx, const std::string& serial, const std::string& ca_ref) {
  const auto found = tx.certificates().find(serial);
  const auto it = std::ranges::find(found, ca_ref, &NodeCertificate::ca_ref);
  if (it == found.end()) return {{OcspStatus::Kind::unknown}, CertificateKind::worker};
  Known known{{OcspStatus::Kind::unknown}, it->kind, it->not_after};
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

bool is_post(const wire::HttpRequest& request) {
  return request.method == "POST" && (request.path == kOcspPath || request.path + "/" == kOcspPath);
}

bool is_get(const wire::HttpRequest& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         request.path.starts_with(kOcspPath);
}

std::optional<Bytes> request_in(const wire::HttpRequest& request) {
  if (request.method == "POST") return to_bytes(as_bytes(request.body));
  const auto text = percent_decoded(std::string_view(request.path).substr(kOcspPath.size()));
  return text ? from_base64(*text) : std::nullopt;
}

// A nonce is one asker's, and what is kept is about one certificate, named as everybody names it:
// an answer repeats the name as it came, and one in another form would take the place of what is
// kept.
bool may_be_kept(const crypto::OcspRequest& request, const OcspSigner& signer) {
  return request.nonce.empty() && request.certificates.size() == 1 &&
         request.certificates.front().is_plain(signer.issuer);
}

std::string error_text(OcspError error) { return std::string(as_text(crypto::ocsp_error(error))); }

wire::HttpResponse response_of(const wire::HttpRequest& request, std::string body,
                               std::string_view outcome) {
  wire::HttpResponse response;
  response.content_type = kOcspResponse;
  response.body = std::move(body);
  const bool about_a_certificate = outcome == kGood || outcome == kRevoked || outcome == kUnknown;
  if (is_get(request) && about_a_certificate) {
    response.headers.emplace_back("cache-control", kCacheControl);
  }
  return response;
}

}  // namespace

OcspResponder::OcspResponder(Database& database, KeptOcspAnswers& kept, OcspPorts ports)
    : database_(database), kept_(kept), ports_(ports) {
  ports_.metrics.add_routes(kListener, {kGood, kRevoked, kUnknown, kMalformed, kUnauthorized,
                                        kTryLater, kCrl, kNotFound});
}

wire::HttpResponse OcspResponder::handle(const wire::HttpRequest& request, Moment now) {
  std::string_view outcome = kNotFound;
  wire::HttpResponse response;
  try {
    response = answer(request, now, outcome);
  } catch (const std::exception& e) {
    ports_.log.error(LogCause::stranger(policy::source_network(request.peer_ip)), "ocsp.failed",
                     {{"detail", e.what()}});
    outcome = kTryLater;
    response.content_type = kOcspResponse;
    response.body = error_text(OcspError::try_later);
  }
  ports_.metrics.count_request(kListener, outcome, response.status);
  return response;
}

std::optional<wire::HttpResponse> OcspResponder::handle_at_once(const wire::HttpRequest& request,
                                                                Moment now) {
  if (!is_post(request) && !is_get(request)) return std::nullopt;
  try {
    const auto der = request_in(request);
    const auto asked = der ? read(*der, now.wall) : std::nullopt;
    if (!asked || !asked->signer || !may_be_kept(asked->request, *asked->signer))
      return std::nullopt;
    const auto kept = kept_.find(asked->request.certificates.front(), *asked->signer, now);
    if (!kept) return std::nullopt;
    const std::string_view outcome = outcome_of(kept->kind);
    auto response = response_of(request, kept->body, outcome);
    ports_.metrics.count_request(kListener, outcome, response.status);
    return response;
  } catch (const std::exception&) {
    return std::nullopt;  // handle() meets it again, and says so
  }
}

wire::HttpResponse OcspResponder::answer(const wire::HttpRequest& request, Moment now,
                                         std::string_view& outcome) {
  if (asks_for_crl(request)) {
    outcome = kCrl;
    return answer_crl({database_, ports_.authority, ports_.log}, request, now.wall);
  }
  if (!is_post(request) && !is_get(request)) {
    wire::HttpResponse response;
    response.status = 404;
    response.content_type = "text/plain";
    response.body =
        "This is an OCSP responder (RFC 6960); POST requests to /ocsp/. The CRL is at /crl.\n";
    return response;
  }
  auto body = answer(request_in(request).value_or(Bytes{}), now, outcome);
  return response_of(request, std::move(body), outcome);
}

std::optional<OcspResponder::Asked> OcspResponder::read(ByteView body, WallTime now) {
  auto request = crypto::parse_ocsp_request(body);
  if (!request) return std::nullopt;
  // One signature covers them all, so all have one issuer.
  auto signer = ports_.signers.find(request->certificates.front(), *ports_.authority.get(),
                                    ports_.config_valid_for, ports_.rng, now);
  const auto rest = std::span(request->certificates).subspan(1);
  const bool ours = signer && std::ranges::all_of(rest, [&](const crypto::OcspCertId& id) {
                      return id.is_issued_by(signer->issuer);
                    });
  return Asked{std::move(*request), ours ? std::move(signer) : nullptr};
}

std::string OcspResponder::answer(ByteView body, Moment now, std::string_view& outcome) {
  const auto asked = read(body, now.wall);
  if (!asked) {
    outcome = kMalformed;
    return error_text(OcspError::malformed_request);
  }
  if (!asked->signer) {
    outcome = kUnauthorized;
    return error_text(OcspError::unauthorized);
  }
  return answer(*asked, now, outcome);
}

std::string OcspResponder::answer(const Asked& asked, Moment now, std::string_view& outcome) {
  const auto& [request, signer] = asked;
  const bool may_keep = may_be_kept(request, *signer);
  const crypto::OcspCertId& first = request.certificates.front();
  const auto from_memory = [&]() -> std::optional<std::string> {
    const auto kept = may_keep ? kept_.find(first, *signer, now) : nullptr;
    if (!kept) return std::nullopt;
    outcome = outcome_of(kept->kind);
    return kept->body;
  };
  // Somebody before it in the queue may have read what it came to read.
  if (auto body = from_memory()) return std::move(*body);

  const auto reading = kept_.begin(now.mono);
  std::optional<std::string> version;
  std::vector<Known> found;
  const auto ran =
      database_.run(Scope::cluster(ports_.authority.get()->cluster), [&](Transaction& tx) {
        found.clear();
        if (may_keep) version = tx.certificates().status_version();
        for (const crypto::OcspCertId& id : request.certificates) {
          found.push_back(look_up(tx, id.serial, signer->ca_ref));
        }
        return Ending::roll_back;
      });
  if (!ran) {
    kept_.read(reading, std::nullopt);
    outcome = kTryLater;
    return error_text(OcspError::try_later);
  }
  if (version) {
    kept_.read(reading, version);
    if (auto body = from_memory()) return std::move(*body);
  }
  std::vector<crypto::OcspAnswer> answers;
  for (std::size_t i = 0; i < found.size(); ++i) {
    answers.push_back({request.certificates[i], found[i].status, now.wall,
                       now.wall + ocsp_validity(found[i].kind, ports_.config_valid_for)});
  }
  const OcspStatus::Kind kind = found.front().status.kind;
  outcome = outcome_of(kind);
  const Bytes der = crypto::sign_ocsp_response(signer->delegate, answers, request.nonce, now.wall);
  std::string body(as_text(der));
  if (version) {
    const auto kept_for = ocsp_kept_for(answers.front().next_update - now.wall);
    kept_.keep(first,
               {signer, first.der, kind, now.wall,
                std::min(now.wall + kept_for, found.front().not_after), body},
               *version, now);
  }
  return body;
}

}  // namespace rap::control
