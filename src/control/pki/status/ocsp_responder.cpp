#include "control/pki/status/ocsp_responder.hpp"

#include "base/encoding.hpp"
#include "control/pki/status/crl_responder.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::control {
namespace {

constexpr std::string_view kListener = "ocsp";
constexpr std::string_view kOcspResponse = "application/ocsp-response";

// A revocation may be hidden by a cache for a minute (RFC 5019 §6.2).
constexpr std::string_view kCacheControl = "max-age=60, public, no-transform, must-revalidate";

// How a request that is none about certificates was answered, for the metrics.
constexpr std::string_view kCrl = "crl";
constexpr std::string_view kNotFound = "not_found";

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

wire::HttpResponse response_of(const wire::HttpRequest& request, OcspAnswered answered) {
  wire::HttpResponse response;
  response.content_type = kOcspResponse;
  response.body = std::move(answered.body);
  if (is_get(request) && answered.is_about_a_certificate()) {
    response.headers.emplace_back("cache-control", kCacheControl);
  }
  return response;
}

}  // namespace

OcspResponder::OcspResponder(Database& database, KeptOcspAnswers& kept, OcspPorts ports)
    : database_(database), ports_(ports), answering_(database, kept, ports) {
  using namespace ocsp_outcome;
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
    outcome = ocsp_outcome::kTryLater;
    response.content_type = kOcspResponse;
    response.body = std::string(as_text(crypto::ocsp_error(crypto::OcspError::try_later)));
  }
  ports_.metrics.count_request(kListener, outcome, response.status);
  return response;
}

std::optional<wire::HttpResponse> OcspResponder::handle_at_once(const wire::HttpRequest& request,
                                                                Moment now) {
  if (!is_post(request) && !is_get(request)) return std::nullopt;
  try {
    const auto der = request_in(request);
    auto answered = der ? answering_.answer_at_once(*der, now) : std::nullopt;
    if (!answered) return std::nullopt;
    const std::string_view outcome = answered->outcome;
    auto response = response_of(request, std::move(*answered));
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
  auto answered = answering_.answer(request_in(request).value_or(Bytes{}), now);
  outcome = answered.outcome;
  return response_of(request, std::move(answered));
}

}  // namespace rap::control
