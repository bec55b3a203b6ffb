// Sends nodes that keep a stream of events their next configuration when it changes, on a thread of
// its own: as the increment from what each was last given, and where there is none a hint to pull.
// What is not sent is pulled: nothing depends on it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "control/link/admission.hpp"
#include "control/link/pulls/pushed_configs.hpp"
#include "io/http/server/event_streams.hpp"

namespace rap::control::server {

struct ConfigPushPorts {
  Database& database;
  CurrentAuthority& authority;
  AdmissionCache& admission_cache;
  ClusterModels& models;
  GivenConfigs& given;
  std::shared_ptr<io::EventSender> events;
};

class ConfigPush {
 public:
  // What the ports refer to must outlive it.
  explicit ConfigPush(ConfigPushPorts ports);
  ~ConfigPush();
  ConfigPush(const ConfigPush&) = delete;
  ConfigPush& operator=(const ConfigPush&) = delete;

  void wake();  // there may be a newer one

 private:
  void run();
  void push_to_all();
  void push_newest_to(std::vector<NodeId>& nodes);
  std::shared_ptr<const ClusterState> newest(WallTime now);
  void push_to(std::span<const NodeId> nodes, const ClusterState& to, PushedConfigs& next);
  bool is_stopping();

  ConfigPushPorts ports_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool waiting_ = false;  // for it to be pushed
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rap::control::server
