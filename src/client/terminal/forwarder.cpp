#include "client/terminal/forwarder.hpp"

#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "client/core/flow_failure.hpp"
#include "client/terminal/https_network.hpp"
#include "io/system/system.hpp"

namespace rap::client {
namespace {

// The session ended, or is none of this account's.
bool is_over(const wire::HttpResponse& response) {
  static constexpr int kNotFound = 404;
  if (response.status == kNotFound) return true;
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  return body.is_object() && body.value("code", nlohmann::json()) == "session_terminated";
}

}  // namespace

Forwarder::Forwarder(io::EventLoop& loop, ForwardSession& session, const Account& account,
                     const Attachment& first, wire::TrafficClass c, const Means& means)
    : loop_(loop),
      session_(session),
      account_(account),
      unused_(first),
      session_id_(first.session_id),
      resource_(first.resource),
      class_(c),
      rng_(means.rng),
      err_(means.err),
      links_(loop, account, means.rng, means.fallbacks),
      api_(loop),
      expiry_(loop) {
  watch_expiry();
}

wire::HostPort Forwarder::listen(const wire::HostPort& where) {
  listener_ = std::make_unique<io::StreamListener>(
      loop_, where.host, where.port, [this](int fd, const std::string&) { accept(fd); });
  return {where.host, listener_->port()};
}

void Forwarder::accept(int fd) {
  const Id id = next_id_++;
  auto& connection = connections_[id];
  connection = std::make_unique<Connection>(
      loop_, [this, id](Carrier&, const Carrier::Ending& ending) { ended(id, ending); });
  if (connections_.size() >= limit_) listener_->pause();
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
  if (!refresh_account()) return give_up(id, refused_, false);
  api_.send(account_, api_request(session_.attach(account_), account_.profile.token),
            [this, id, asked = session_id_](const io::HttpClient::Result& result) {
              attached(id, asked, result);
            });
}

void Forwarder::attached(Id id, const std::string& session_id,
                         const io::HttpClient::Result& result) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  if (result && is_over(*result)) {
    return session_id == session_id_ ? start_again(id) : attach(id);
  }
  const auto attachment = read(result);
  if (!attachment) {
    return give_up(id, attachment.error(), attachment.error().code == ExitCode::unreachable);
  }
  it->second->carrier.open(links_, *attachment, class_);
}

// The first that finds the session over asks for another; the others wait for it.
void Forwarder::start_again(Id id) {
  if (starting_) return waiting_.push_back(id);
  starting_ = true;
  api_.send(account_, api_request(session_.start(account_), account_.profile.token),
            [this, id](const io::HttpClient::Result& result) { started_again(id, result); });
}

void Forwarder::started_again(Id id, const io::HttpClient::Result& result) {
  starting_ = false;
  auto waiting = std::exchange(waiting_, {});
  const auto attachment = read(result);
  if (!attachment) {
    waiting.push_back(id);
    for (const Id each : waiting) {
      if (!connections_.contains(each)) continue;
      give_up(each, attachment.error(), attachment.error().code == ExitCode::unreachable);
    }
    return;
  }
  session_id_ = attachment->session_id;
  session_.started(*attachment);
  if (connections_.contains(id)) {
    connections_.at(id)->carrier.open(links_, *attachment, class_);
  } else {
    unused_ = *attachment;
  }
  for (const Id each : waiting) {
    if (connections_.contains(each)) attach(each);
  }
}

Fallible<Attachment> Forwarder::read(const io::HttpClient::Result& result) {
  if (!result) {
    return std::unexpected(network_failure(to_network_error(result.error()), account_.server));
  }
  const auto answer = RAP_TRY(read_answer(*result));
  auto attachment = read_attachment(answer, account_, io::wall_now());
  if (!attachment && attachment.error().code == ExitCode::unreachable) {
    attachment.error().code = ExitCode::failed;  // no entry: asking again does not help
  }
  if (attachment) said_sign_in_ = false;
  return attachment;
}

bool Forwarder::refresh_account() {
  auto account = session_.account(io::wall_now());
  if (!account) {
    refused_ = account.error();
    return false;
  }
  const bool renewed = account->profile.expires_at != account_.profile.expires_at;
  account_ = std::move(*account);
  links_.follow(account_);
  if (renewed) watch_expiry();
  return true;
}

// Nobody who sits at the far end of a forward sees that the sign-in runs out, so it is said before.
void Forwarder::watch_expiry() {
  const auto left = std::chrono::seconds(account_.profile.expires_at - to_unix(io::wall_now()));
  if (left <= std::chrono::seconds{0}) return;
  const bool soon = left <= kExpiryNotice;
  expiry_.after(soon ? Duration{0} : Duration{left - kExpiryNotice}, [this] {
    const std::int64_t before = account_.profile.expires_at;
    if (!refresh_account() || account_.profile.expires_at != before) return;
    err_ << resource_ << ": Your sign-in expires at "
         << io::rfc3339(from_unix(account_.profile.expires_at))
         << ". Run 'rap login' in time, or new connections will fail." << std::endl;
  });
}

void Forwarder::ended(Id id, const Carrier::Ending& ending) {
  if (ending.reason) {
    err_ << flow_failure(*ending.reason, ending.was_accepted, resource_, ending.detail).text
         << std::endl;
  }
  remove(id);
}

// The control plane gave no attachment: it is asked again later, or never. That a sign-in is needed
// is said once, until there was one.
void Forwarder::give_up(Id id, const Failure& failure, bool again) {
  if (again && try_again(id)) return;
  const bool sign_in = failure.code == ExitCode::not_signed_in;
  if (!sign_in || !std::exchange(said_sign_in_, true)) {
    err_ << resource_ << ": " << failure.text << std::endl;
  }
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
  loop_.post([this, id] {
    connections_.erase(id);
    if (connections_.size() < limit_) listener_->resume();
  });
}

}  // namespace rap::client
