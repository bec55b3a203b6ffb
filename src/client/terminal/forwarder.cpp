#include "client/terminal/forwarder.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "client/core/api_types.hpp"
#include "client/core/flow_failure.hpp"
#include "client/terminal/https_network.hpp"
#include "io/system/system.hpp"

namespace rap::client {

Forwarder::Forwarder(io::EventLoop& loop, const Account& account, const Attachment& attachment,
                     wire::TrafficClass c, const Means& means)
    : loop_(loop),
      account_(account),
      unused_(attachment),
      session_id_(attachment.session_id),
      resource_(attachment.resource),
      class_(c),
      rng_(means.rng),
      err_(means.err),
      links_(loop, account, means.rng, means.fallbacks),
      http_(loop, https_options(account.server, account.roots_pem, account.deny_lists->current())) {
}

wire::HostPort Forwarder::listen(const wire::HostPort& where) {
  listener_ = std::make_unique<io::StreamListener>(
      loop_, where.host, where.port, [this](int fd, const std::string&) { accept(fd); });
  return {where.host, listener_->port()};
}

void Forwarder::accept(int fd) {
  if (connections_.size() >= kMaxLocalConnections) {
    ::close(fd);
    err_ << "More than " << kMaxLocalConnections << " connections at once: one was turned away.\n";
    return;
  }
  const Id id = next_id_++;
  auto& connection = connections_[id];
  connection = std::make_unique<Connection>(
      loop_, [this, id](Carrier&, const Carrier::Ending& ending) { ended(id, ending); });
  Carrier& carrier = connection->carrier;
  carrier.on_exhausted([this, id](const Carrier::Ending&) { return try_again(id); });
  carrier.set_local(std::make_unique<SocketEnd>(loop_, fd, carrier, carrier));
  attach(id);
}

void Forwarder::attach(Id id) {
  Connection& connection = *connections_.at(id);
  ++connection.attempts;
  if (auto first = std::exchange(unused_, std::nullopt)) {
    if (first->token_expires_at > to_unix(io::wall_now() + kTokenMargin)) {
      return connection.carrier.open(links_, *first, class_);
    }
  }
  const ApiCall call = op::create_attachment(
      session_id_, {.deny_list_version = account_.deny_lists->known_version()});
  http_.send(api_request(call, account_.profile.token),
             [this, id](io::HttpClient::Result result) { attached(id, result); });
}

void Forwarder::attached(Id id, const io::HttpClient::Result& result) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  if (!result) {
    const Failure failure = network_failure(to_network_error(result.error()), account_.server);
    return give_up(id, failure, failure.code == ExitCode::unreachable);
  }
  const auto answer = read_answer(*result);
  if (!answer) return give_up(id, answer.error(), answer.error().code == ExitCode::unreachable);
  const auto attachment = read_attachment(*answer, account_, io::wall_now());
  if (!attachment) return give_up(id, attachment.error(), false);
  it->second->carrier.open(links_, *attachment, class_);
}

void Forwarder::ended(Id id, const Carrier::Ending& ending) {
  if (ending.reason) {
    err_ << flow_failure(*ending.reason, ending.was_accepted, resource_, ending.detail).text
         << std::endl;
  }
  remove(id);
}

// The control plane gave no attachment: it is asked again later, or never.
void Forwarder::give_up(Id id, const Failure& failure, bool again) {
  if (again && try_again(id)) return;
  err_ << resource_ << ": " << failure.text << std::endl;
  connections_.at(id)->carrier.abort();
}

// The answer is false when it was tried often enough.
bool Forwarder::try_again(Id id) {
  Connection& connection = *connections_.at(id);
  if (connection.attempts >= kMaxOpenAttempts) return false;
  connection.retry.after(connection.backoff.next(rng_), [this, id] { attach(id); });
  return true;
}

// The connection is in the middle of a callback, so it is removed later.
void Forwarder::remove(Id id) {
  loop_.post([this, id] { connections_.erase(id); });
}

}  // namespace rap::client
