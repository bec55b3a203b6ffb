#include "client/network/api_connections.hpp"

#include <algorithm>

#include "client/network/https_network.hpp"
#include "io/system/system.hpp"

namespace rap::client {

bool ApiConnections::serves(const Account& account) const {
  return server_ == account.server && roots_pem_ == account.roots_pem &&
         deny_ == account.deny_lists->current();
}

bool ApiConnections::is_forgotten(const Connection& connection) const {
  return connection.outstanding == 0 && io::mono_now() - connection.used_at > trust_idle_for_;
}

ApiConnections::Connection& ApiConnections::least_busy(const Account& account) {
  const auto outstanding = [](const auto& c) { return c->outstanding; };
  std::erase_if(retired_, [&](const auto& c) { return outstanding(c) == 0; });
  if (!serves(account)) {
    std::ranges::move(connections_, std::back_inserter(retired_));
    connections_.clear();
    server_ = account.server;
    roots_pem_ = account.roots_pem;
    deny_ = account.deny_lists->current();
  }
  std::erase_if(connections_, [&](const auto& c) { return is_forgotten(*c); });
  const auto least = std::ranges::min_element(connections_, {}, outstanding);
  const bool idle = least != connections_.end() && (*least)->outstanding == 0;
  if (idle || connections_.size() == kMaxApiConnections) return **least;
  auto options = https_options(server_, roots_pem_, deny_);
  options.response_timeout = kAnswerWithin;
  connections_.push_back(std::make_shared<Connection>(loop_, std::move(options)));
  return *connections_.back();
}

void ApiConnections::send(const Account& account, const wire::HttpRequest& request,
                          io::HttpClient::Callback done) {
  const Again again{account.device ? kMaxProofsAgain : 0, is_idempotent(request) ? 1 : 0};
  send_proven(account, request, again, std::move(done));
}

void ApiConnections::send_proven(const Account& account, const wire::HttpRequest& request,
                                 Again again, io::HttpClient::Callback done) {
  const auto made = account.device ? prove_now(request, *account.device, again.nonce) : request;
  send_as_is(account, made,
             [this, account, request, again,
              done = std::move(done)](io::HttpClient::Result result) mutable {
               const auto nonce = result ? nonce_in(*result) : std::nullopt;
               if (nonce && again.proofs-- > 0) {
                 again.nonce = *nonce;
                 return send_proven(account, request, again, std::move(done));
               }
               const bool is_lost = !result && result.error().kind == io::HttpError::Kind::closed;
               if (is_lost && again.closed-- > 0) {
                 return send_proven(account, request, again, std::move(done));
               }
               done(std::move(result));
             });
}

void ApiConnections::send_as_is(const Account& account, const wire::HttpRequest& request,
                                io::HttpClient::Callback done) {
  Connection& connection = least_busy(account);
  ++connection.outstanding;
  connection.http.send(request, [&connection, done = std::move(done)](io::HttpClient::Result r) {
    --connection.outstanding;
    connection.used_at = io::mono_now();
    done(std::move(r));
  });
}

}  // namespace rap::client
