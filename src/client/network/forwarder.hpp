// `rap forward`: a local listener; each connection gets a flow of its own, with a fresh token of
// the session's. A connection that finds the fabric away is held while it is tried again; one
// whose flow breaks is reset, so that nobody takes a part for the whole.
//
// The control plane is asked for tokens by one request at a time, for all connections that came
// while the one before was under way: a hundred at once wait for two round trips.
//
// It outlives what it stands on: the account is read again for each connection, a session that is
// over is followed by another, and who comes when all places are taken waits for one.
#pragma once

#include <deque>
#include <memory>
#include <ostream>
#include <unordered_map>
#include <vector>

#include "base/backoff.hpp"
#include "client/api/attachment.hpp"
#include "client/api/data_plane.hpp"
#include "client/core/profile.hpp"
#include "client/network/api_connections.hpp"
#include "client/network/carrier.hpp"
#include "io/listeners/stream_listener.hpp"

namespace rap::client {

inline constexpr std::size_t kMaxLocalConnections = 1024;
// People are told this long before their sign-in expires.
inline constexpr std::chrono::minutes kExpiryNotice{10};
inline constexpr int kMaxOpenAttempts = 6;  // each with a fresh token
inline constexpr Duration kOpenRetryFirst = std::chrono::milliseconds{250};
inline constexpr Duration kOpenRetryCap = std::chrono::seconds{4};
// A token this close to its end is not used.
inline constexpr std::chrono::seconds kTokenMargin{10};

class Forwarder {
 public:
  struct Means {
    std::ostream& err;
    EntryLinks::Means flows;
  };
  Forwarder(io::EventLoop& loop, ForwardSession& session, const Account& account,
            const Attachment& first, wire::TrafficClass c, const Means& means);

  void limit_connections(std::size_t limit) { limit_ = limit; }  // from the next on
  std::size_t connections() const { return connections_.size(); }
  // The answer is the real address. An address that cannot be bound throws std::system_error.
  wire::HostPort listen(const wire::HostPort& where);

 private:
  struct Connection {
    explicit Connection(io::EventLoop& loop) : retry(loop) {}
    std::unique_ptr<Carrier> carrier;
    io::Timer retry;
    Backoff backoff{kOpenRetryFirst, kOpenRetryCap};
    int attempts = 0;
  };
  using Id = std::uint64_t;
  using Ids = std::vector<Id>;

  void accept(int fd);
  void attach(Id id);
  void ask_soon();
  void ask();
  Ids take_waiting();
  void answered(const Ids& asked_for, const io::HttpClient::Result& result);
  void start_again();
  void started_again(const io::HttpClient::Result& result);
  void hand_out(const Ids& ids, const Attachment& attachment);
  Fallible<Attachment> read(const io::HttpClient::Result& result);
  bool refresh_account();  // false: `refused_` says why
  void watch_expiry();
  void open(Id id, const Attachment& attachment);
  void ended(Id id, wire::FlowEnding reason, bool was_accepted, const std::string& detail);
  void give_up(const Ids& ids, const Failure& failure);
  bool try_again(Id id);
  void remove(Id id);

  io::EventLoop& loop_;
  ForwardSession& session_;
  Account account_;
  Failure refused_;
  bool said_sign_in_ = false;         // since the last attachment
  std::optional<Attachment> unused_;  // the one the session came with
  std::string session_id_;
  std::string resource_;
  wire::TrafficClass class_;
  RandomSource& rng_;
  std::ostream& err_;
  EntryLinks links_;
  ApiConnections api_;
  io::Timer expiry_;
  std::size_t limit_ = kMaxLocalConnections;
  std::deque<Id> waiting_;  // for a token; some may have left
  bool asking_ = false;     // for tokens, or for another session
  bool ask_posted_ = false;
  Id next_id_ = 1;
  std::unordered_map<Id, std::unique_ptr<Connection>> connections_;
  std::unique_ptr<io::StreamListener> listener_;
};

}  // namespace rap::client
