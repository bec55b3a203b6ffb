#include "client/network/forwarder.hpp"

#include <nlohmann/json.hpp>

#include "base/log/printable.hpp"
#include "base/time_text.hpp"
#include "base/try.hpp"
#include "client/api/flow_failure.hpp"
#include "client/network/https_network.hpp"
#include "io/system/system.hpp"
#include "wire/problem_code.hpp"

namespace rap::client {
using wire::FlowReason;

namespace {

// The session ended, or is none of this account's.
bool is_over(const wire::HttpResponse& response) {
  static constexpr int kNotFound = 404;
  if (response.status == kNotFound) return true;
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  return body.is_object() &&
         body.value("code", nlohmann::json()) == to_string(wire::ProblemCode::session_terminated);
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
      rng_(means.flows.rng),
      err_(means.err),
      links_(loop, account, first.resource, means.flows),
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
  connection = std::make_unique<Connection>(loop_);
  if (connections_.size() >= limit_) listener_->pause();
  connection->carrier =
      std::make_unique<Carrier>(links_, [this, id](const Carrier::Ending& ending) {
        ended(id, ending.reason, ending.was_accepted, ending.detail);
      });
  Carrier& carrier = *connection->carrier;
  carrier.on_exhausted([this, id](FlowReason) { return try_again(id); });
  carrier.set_local(std::make_unique<SocketEnd>(loop_, fd, carrier, carrier));
  attach(id);
}

void Forwarder::open(Id id, const Attachment& attachment) {
  connections_.at(id)->carrier->open(attachment, class_);
}

void Forwarder::attach(Id id) {
  Connection& connection = *connections_.at(id);
  ++connection.attempts;
  if (auto first = std::exchange(unused_, std::nullopt)) {
    if (first->token_expires_at > to_unix(io::wall_now() + kTokenMargin)) {
      return open(id, *first);
    }
  }
  waiting_.push_back(id);
  ask_soon();
}

// Who comes in the same turn of the loop is asked for too.
void Forwarder::ask_soon() {
  if (asking_ || waiting_.empty() || std::exchange(ask_posted_, true)) return;
  loop_.post([this] {
    ask_posted_ = false;
    ask();
  });
}

void Forwarder::ask() {
  if (asking_) return;
  const Ids ids = take_waiting();
  if (ids.empty()) return;
  if (!refresh_account()) {
    give_up(ids, refused_);
    return ask_soon();
  }
  asking_ = true;
  api_.send(account_, api_request(session_.attach(account_, ids.size()), account_.profile.token),
            [this, ids](const io::HttpClient::Result& result) {
              asking_ = false;
              answered(ids, result);
              ask_soon();
            });
}

// Those who wait longest, at most as many as one attachment has tokens for.
Forwarder::Ids Forwarder::take_waiting() {
  Ids ids;
  while (!waiting_.empty() && ids.size() < kMaxFlowsPerAttachment) {
    if (connections_.contains(waiting_.front())) ids.push_back(waiting_.front());
    waiting_.pop_front();
  }
  return ids;
}

void Forwarder::answered(const Ids& asked_for, const io::HttpClient::Result& result) {
  if (result && is_over(*result)) {
    waiting_.insert(waiting_.begin(), asked_for.begin(), asked_for.end());
    return start_again();
  }
  const auto attachment = read(result);
  if (!attachment) return give_up(asked_for, attachment.error());
  hand_out(asked_for, *attachment);
}

void Forwarder::start_again() {
  asking_ = true;
  api_.send(account_, api_request(session_.start(account_), account_.profile.token),
            [this](const io::HttpClient::Result& result) {
              asking_ = false;
              started_again(result);
              ask_soon();
            });
}

void Forwarder::started_again(const io::HttpClient::Result& result) {
  const auto attachment = read(result);
  if (!attachment) {
    const Ids ids(waiting_.begin(), waiting_.end());
    waiting_.clear();
    return give_up(ids, attachment.error());
  }
  session_id_ = attachment->session_id;
  session_.started(*attachment);
  const Ids ids = take_waiting();
  if (ids.empty()) {
    unused_ = *attachment;
  } else {
    hand_out(ids, *attachment);
  }
}

// Those for whom there is no token wait for the next.
void Forwarder::hand_out(const Ids& ids, const Attachment& attachment) {
  const std::vector<Attachment> flows = for_each_flow(attachment);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto it = connections_.find(ids[i]);
    if (it == connections_.end()) continue;
    if (i < flows.size()) {
      open(ids[i], flows[i]);
    } else {
      waiting_.push_back(ids[i]);
    }
  }
}

Fallible<Attachment> Forwarder::read(const io::HttpClient::Result& result) {
  if (!result) {
    const wire::HostPort& server = account_.server;
    return std::unexpected(network_failure(to_network_error(result.error(), server), server));
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
         << rfc3339(from_unix(account_.profile.expires_at))
         << ". Run 'rap login' in time, or new connections will fail." << std::endl;
  });
}

void Forwarder::ended(Id id, wire::FlowEnding reason, bool was_accepted,
                      const std::string& detail) {
  if (reason) err_ << flow_failure(*reason, was_accepted, resource_, detail).text << std::endl;
  remove(id);
}

// The control plane gave no tokens: it is asked again later when it was away, or never. What it
// said is said once for all; that a sign-in is needed, once until there was one.
void Forwarder::give_up(const Ids& ids, const Failure& failure) {
  bool said = failure.code == ExitCode::not_signed_in && std::exchange(said_sign_in_, true);
  for (const Id id : ids) {
    if (!connections_.contains(id)) continue;
    if (failure.code == ExitCode::unreachable && try_again(id)) continue;
    if (!std::exchange(said, true)) err_ << printable(resource_ + ": " + failure.text) << std::endl;
    connections_.at(id)->carrier->abort();  // nobody takes that for an orderly end
  }
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
