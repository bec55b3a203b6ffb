// Passes on what the database announces of a cluster (migration 0019) to the event streams of its
// nodes, on a thread of its own. Truth and hint come from one place, so a change by another server,
// or by hand, is hinted too. A lost hint costs time only: nodes poll as well.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/ids.hpp"
#include "base/log/log.hpp"
#include "control/store/postgres/connection.hpp"
#include "io/http/server/event_streams.hpp"

namespace rap::control::server {

// What `rap-control unlock` announces of its cluster.
inline constexpr std::string_view kForgetLimits = "forget_limits";

// Who is told beside the nodes, each on the feed's thread.
struct HintHandlers {
  std::function<void()> on_change;  // whatever was announced, before any hint of it goes out
  std::function<void()> on_config = {};  // in place of hints to all; empty: they are hinted
  std::function<void()> on_unlock = [] {};  // attempts to sign in are to be counted anew
};

class HintFeed {
 public:
  // `log` must outlive it.
  HintFeed(std::string conninfo, ClusterId cluster, std::shared_ptr<io::EventSender> events,
           HintHandlers handlers, Log& log);
  ~HintFeed();
  HintFeed(const HintFeed&) = delete;
  HintFeed& operator=(const HintFeed&) = delete;

 private:
  void run();
  std::string listen();  // until it is stopped, or why it failed
  void pass_on(const std::vector<std::string>& announced);
  bool stopped_within(std::chrono::milliseconds time);

  const std::string conninfo_;
  const std::string cluster_;
  const std::shared_ptr<io::EventSender> events_;
  const HintHandlers handlers_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rap::control::server
