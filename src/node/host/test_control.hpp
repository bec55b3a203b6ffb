// For tests: a small control plane over real HTTPS. It enrols whoever comes and answers a node's
// calls over mutual TLS, unless a test says otherwise.
#pragma once

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "crypto/testing/live_pki.hpp"
#include "io/http/test_http.hpp"
#include "io/stream/test_loop.hpp"
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

}  // namespace rap::host
