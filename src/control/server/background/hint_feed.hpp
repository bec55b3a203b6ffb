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

class HintFeed {
 public:
  // `log` must outlive it. on_change: called for whatever was announced of the cluster, before any
  // hint of it goes out. on_unlock: somebody on the host wants attempts to sign in counted anew.
  HintFeed(
      std::string conninfo, ClusterId cluster, std::shared_ptr<io::EventSender> events,
      std::function<void()> on_change, Log& log, std::function<void()> on_unlock = [] {});
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
  const std::function<void()> on_change_;
  const std::function<void()> on_unlock_;
  Log& log_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rap::control::server
