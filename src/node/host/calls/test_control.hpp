// For tests: a small control plane over real HTTPS. It enrols whoever comes and answers a node's
// calls over mutual TLS, unless a test says otherwise.
#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/encoding.hpp"
#include "crypto/testing/live_pki.hpp"
#include "io/http/server/test_http.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/system.hpp"
#include "wire/join_token.hpp"

namespace rap::host {

using nlohmann::json;

class TestControl {
 public:
  // Other kinds than the right one are impostors.
  explicit TestControl(wire::SpiffeId::Kind kind = wire::SpiffeId::Kind::control);

  // A join token for the API at this address. The pinned root is `root`'s, or the right one.
  wire::JoinToken join_token(const crypto::Certificate* root = nullptr);
  std::string join_token_text(const crypto::Certificate* root = nullptr);

  // What it says to a status request: pending, approved, denied.
  void say(std::string state);
  // Answers a call of a node, by the end of its path; nullopt: as it would.
  using NodeAnswer =
      std::function<std::optional<wire::HttpResponse>(const wire::HttpRequest& request)>;
  void answer_nodes(NodeAnswer answer);

  // Whether so many requests whose method and path end like this are there, or come.
  bool wait_for(const std::string& end, std::ptrdiff_t times = 1);
  std::vector<wire::HttpRequest> requests(const std::string& end);

  static wire::HttpResponse reply(int status, const json& body);

  crypto::LivePki pki{io::wall_now()};
  NodeId node = NodeId::random(pki.rng);
  crypto::PrivateKey config_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  std::uint16_t node_port() const { return nodes_->port(); }

 private:
  static constexpr const char* kEnrolment = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
  static bool is_of(const wire::HttpRequest& request, const std::string& end) {
    return request.path.ends_with(end);
  }
  static std::shared_ptr<const crypto::TlsContext> context(const crypto::TlsIdentity& identity,
                                                           crypto::TlsPolicy policy) {
    return crypto::TlsContext::make(crypto::TlsRole::server, identity, std::move(policy),
                                    io::wall_now);
  }
  wire::HttpResponse answer_api(const wire::HttpRequest& request);
  wire::HttpResponse answer_node(const wire::HttpRequest& request);
  json approval();

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<wire::HttpRequest> requests_;
  std::string state_ = "approved";
  std::string csr_;
  NodeAnswer answer_nodes_;
  std::optional<io::TestServer> api_;
  std::optional<io::TestServer> nodes_;
};

inline TestControl::TestControl(wire::SpiffeId::Kind kind) {
  const crypto::TlsIdentity self = pki.member(kind).identity;
  io::HttpServerOptions options;
  options.tls = context(self, crypto::AcceptAnyone{});
  api_.emplace(options, [this](const wire::HttpRequest& r) { return answer_api(r); });
  options.tls =
      context(self, crypto::AcceptMember{pki.roots(), pki.cluster, wire::SpiffeId::Kind::node, {}});
  nodes_.emplace(options, [this](const wire::HttpRequest& r) { return answer_node(r); });
}

inline wire::JoinToken TestControl::join_token(const crypto::Certificate* root) {
  return {{{"127.0.0.1", api_->port()}, "/"},
          (root ? *root : pki.root.certificate).fingerprint_hex(),
          pki.cluster,
          node,
          "s3cret"};
}

inline std::string TestControl::join_token_text(const crypto::Certificate* root) {
  const wire::JoinToken token = join_token(root);
  const std::string text = json{
      {"v", 1},
      {"url", "https://" + token.control.authority.str() + "/"},
      {"ca", token.root_fingerprint},
      {"cluster", token.cluster.str()},
      {"node", token.node.str()},
      {"secret", token.secret}}.dump();
  return "rapjt1." + to_base64url(as_bytes(text));
}

inline void TestControl::say(std::string state) {
  std::lock_guard lock(mutex_);
  state_ = std::move(state);
}

inline void TestControl::answer_nodes(NodeAnswer answer) {
  std::lock_guard lock(mutex_);
  answer_nodes_ = std::move(answer);
}

inline bool TestControl::wait_for(const std::string& end, std::ptrdiff_t times) {
  std::unique_lock lock(mutex_);
  return came_.wait_for(lock, io::kPatience, [&] {
    return std::ranges::count_if(requests_, [&](const auto& r) { return is_of(r, end); }) >= times;
  });
}

inline std::vector<wire::HttpRequest> TestControl::requests(const std::string& end) {
  std::lock_guard lock(mutex_);
  std::vector<wire::HttpRequest> out;
  std::ranges::copy_if(requests_, std::back_inserter(out),
                       [&](const auto& r) { return is_of(r, end); });
  return out;
}

inline wire::HttpResponse TestControl::reply(int status, const json& body) {
  wire::HttpResponse response;
  response.status = status;
  response.body = body.dump();
  return response;
}

inline json TestControl::approval() {
  const auto request = crypto::CertificateRequest::from_pem(csr_);
  const auto chain = pki.chain_for(request->key, node, wire::SpiffeId::Kind::node);
  return {{"state", "approved"},
          {"certificate_chain", crypto::chain_pem(chain)},
          {"config_keys", {{{"kid", "c1"}, {"public_key_pem", config_key.public_key().pem()}}}},
          {"node_url", "127.0.0.1:" + std::to_string(nodes_->port())}};
}

inline wire::HttpResponse TestControl::answer_api(const wire::HttpRequest& request) {
  std::lock_guard lock(mutex_);
  requests_.push_back(request);
  came_.notify_all();
  if (is_of(request, "/trust-bundle")) {
    return reply(200, {{"ca_ref", "x"}, {"pem", pki.root.certificate.pem()}});
  }
  if (is_of(request, "/enrolments")) {
    csr_ = json::parse(request.body)["csr"];
    return reply(202, {{"id", kEnrolment}, {"state", "pending"}});
  }
  if (is_of(request, "/status")) {
    return reply(200, state_ == "approved" ? approval() : json{{"state", state_}});
  }
  return reply(404, json::object());
}

inline wire::HttpResponse TestControl::answer_node(const wire::HttpRequest& request) {
  NodeAnswer answer;
  {
    std::lock_guard lock(mutex_);
    requests_.push_back(request);
    came_.notify_all();
    answer = answer_nodes_;
  }
  if (answer) {
    if (auto said = answer(request)) return *said;
  }
  if (is_of(request, "/checkin")) {
    return reply(200, {{"config_version", 0}, {"commands_seq", 0}, {"server_time", 0}});
  }
  return reply(503, json::object());
}

}  // namespace rap::host
