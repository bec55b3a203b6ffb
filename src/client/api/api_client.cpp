#include "client/api/api_client.hpp"

#include <nlohmann/json.hpp>

#include "client/api/root_succession.hpp"
#include "client/api/untrusted_server.hpp"
#include "wire/http/problem_reading.hpp"
#include "wire/problem_code.hpp"

namespace rap::client {

using nlohmann::json;
using wire::ProblemCode;

namespace {

// Whether a refusal to who is not signed in says more than that.
bool says_why(const std::string& code) {
  return code == to_string(ProblemCode::signed_out) ||
         code == to_string(ProblemCode::device_proof_wrong) ||
         code == to_string(ProblemCode::device_proof_stale);
}

ExitCode exit_code(int status, const std::string& code) {
  if (code == to_string(ProblemCode::wrong_credentials)) return ExitCode::denied;
  switch (status) {
    case 401: return ExitCode::not_signed_in;
    case 403: return ExitCode::denied;
    case 404: return ExitCode::not_found;
    case 502:
    case 503:
    case 504: return ExitCode::unreachable;
    default: return ExitCode::failed;
  }
}

// Nothing else that is wrong with a server would be mended by other roots.
bool is_under_other_roots(const NetworkError& error) {
  using Fault = crypto::CertificateFault;
  return error.fault == NetworkFault::untrusted &&
         (error.certificate == Fault::unknown_root || error.certificate == Fault::bad_chain);
}

}  // namespace

ApiCall make_call(std::string method, std::string path, const json& body) {
  return {std::move(method), std::move(path),
          body.is_null() ? "" : body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

wire::HttpRequest api_request(const ApiCall& call, const std::string& token) {
  wire::HttpRequest request;
  request.method = call.method;
  const std::size_t query = call.path.find('?');
  request.path = "/api/v1/" + call.path.substr(0, query);
  if (query != call.path.npos) request.query = call.path.substr(query + 1);
  request.headers.emplace_back("accept", "application/json, application/problem+json");
  if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
  if (!call.body.empty()) {
    request.headers.emplace_back("content-type", "application/json");
    request.body = call.body;
  }
  return request;
}

Fallible<json> read_answer(const wire::HttpResponse& response) {
  if (response.status >= 200 && response.status < 300) {
    if (response.body.empty()) return json();
    json body = json::parse(response.body, nullptr, false);
    if (body.is_discarded()) {
      return fail(ExitCode::failed,
                  "The server's answer is no JSON. Is this the address of a control plane?");
    }
    return body;
  }
  wire::ReadProblem refusal = wire::read_problem(response, "The server");
  const ExitCode code = exit_code(response.status, refusal.code);
  if (code == ExitCode::not_signed_in && !says_why(refusal.code)) {
    refusal.detail = "Your sign-in has ended or expired. Run 'rap login'.";
  }
  // A detail says itself what to do. What stands between may have none to give.
  const std::string_view retry_after = response.header("retry-after");
  if (!retry_after.empty() && !refusal.is_told) {
    refusal.detail += " Try again in " + std::string(retry_after) + " s.";
  }
  return std::unexpected(Failure{code, std::move(refusal.detail), std::move(refusal.code)});
}

Failure not_understood(std::string_view why) {
  return {ExitCode::failed, "The server's answer makes no sense (" + std::string(why) +
                                "). Is this client of the server's version?"};
}

Failure network_failure(const NetworkError& error, const wire::HostPort& server) {
  const std::string why = error.detail.empty() ? "" : " (" + error.detail + ")";
  switch (error.fault) {
    case NetworkFault::unreachable:
      return {ExitCode::unreachable, "Cannot reach " + server.str() + why +
                                         ". Check your network and the server's address."};
    case NetworkFault::timeout:
      return {ExitCode::unreachable,
              server.str() + " does not answer" + why + ". Try again in a moment."};
    case NetworkFault::untrusted: return {ExitCode::untrusted, untrusted_server(error, server)};
    case NetworkFault::broken:
      return {ExitCode::failed, "The answer of " + server.str() + " makes no sense" + why +
                                    ". Is this the address of a control plane?"};
  }
  return {};
}

std::string segment(std::string_view text) { return wire::percent_encode(text); }

Fallible<json> ApiClient::ask(const ApiCall& call) {
  auto response = network_.fetch(server_, roots_pem_, api_request(call, token_));
  if (!response && is_under_other_roots(response.error()) && home_ && roots_pem_) {
    if (auto roots = follow_trust(*home_, network_, server_, *roots_pem_)) {
      roots_pem_ = std::move(*roots);
      response = network_.fetch(server_, roots_pem_, api_request(call, token_));
    }
  }
  if (!response) return std::unexpected(network_failure(response.error(), server_));
  return read_answer(*response);
}

}  // namespace rap::client
