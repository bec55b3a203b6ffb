// The sealed flows of one command over WebSockets to entries: what SealedFlows decides, carried
// out.
//
// A machine that slept notices at once when it wakes: its connections are dropped, as nobody knows
// what became of them, and the flows go on over new ones. Before that the pings of WebSocketClient
// find what fell silent.
//
// Once a flow has been there for a moment, entries whose distance is not known are asked for a
// handshake and nothing else, one after the other; the next flow takes the nearest.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "client/api/entry_fallback.hpp"
#include "client/core/profile.hpp"
#include "client/flows/away_notice.hpp"
#include "client/flows/entry_distances.hpp"
#include "client/flows/sealed_flows.hpp"
#include "io/loop/event_loop.hpp"

namespace rap::client {

inline constexpr Duration kSleepLook = std::chrono::seconds{2};
inline constexpr Duration kLongSleep = std::chrono::seconds{5};
// A command that is over sooner measures nothing.
inline constexpr Duration kMeasureAfter = std::chrono::seconds{2};

class EntryLinks final : private LinkDialler {
 public:
  struct Means {
    ClientKeys keys;
    RandomSource& rng;
    FallbackLog& fallbacks;
    EntryDistances& distances;
    // Hears lines for whoever sits at the terminal; empty: nobody does.
    std::function<void(const std::string&)> tell = {};
  };
  EntryLinks(io::EventLoop& loop, const Account& account, const std::string& resource, Means means);
  ~EntryLinks() override;

  // Connections are made with the roots and the deny list of this account from now on, and new
  // flows go over such ones alone.
  void follow(const Account& account);

  // SealedFlows says what these do.
  FlowNumber open(SealedFlowUser& user, const Attachment& attachment, wire::TrafficClass c);
  void open_again(FlowNumber flow, const Attachment& attachment);
  struct Taken {
    std::size_t bytes;
    bool go_on;  // false: the sender had better rest until flow_writable()
  };
  Taken take(FlowNumber flow, ByteView bytes);
  void finish(FlowNumber flow);
  void consumed(FlowNumber flow, std::size_t bytes);
  void leave(FlowNumber flow);

  // All connections are over, as after a sleep.
  void drop(const std::string& why);

 private:
  class Socket;

  void dial(LinkNumber link, const Candidate& entry) override;
  void has_output(LinkNumber link) override;
  void passed_over(const Candidate& entry, wire::FallbackCause cause,
                   std::string_view detail) override;

  // Others are believed, or the deny list may be another one: what was believed before carries no
  // new flow.
  void believe(bool others);
  void arm();
  void measure_next();
  void measured(const Candidate& entry, Duration handshake);
  void look_for_sleep();
  void forget(LinkNumber link);

  io::EventLoop& loop_;
  std::string roots_pem_;
  std::shared_ptr<DenyListStore> deny_lists_;
  std::shared_ptr<const crypto::DenyList> deny_;  // of the links that are not retired
  RandomSource& rng_;
  FallbackLog& fallbacks_;
  EntryDistances& distances_;
  std::function<void(const std::string&)> tell_;
  AwayNotice notice_;
  SealedFlows flows_;
  std::map<LinkNumber, std::unique_ptr<Socket>> sockets_;
  io::Timer timer_;
  std::optional<MonoTime> armed_;
  io::Timer watch_;
  std::vector<Candidate> offered_;  // with the last attachment
  io::Timer measure_;
  bool measuring_ = false;
  bool watching_ = false;
  Duration slept_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace rap::client
