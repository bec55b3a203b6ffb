#include "control/server/background/config_push.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "io/system/system.hpp"
#include "wire/http/hints.hpp"

namespace rap::control::server {
namespace {

const wire::SseEvent kPull{std::string(wire::kConfigPending), "", ""};

}  // namespace

ConfigPush::ConfigPush(ConfigPushPorts ports)
    : ports_(std::move(ports)), thread_([this] { run(); }) {}

ConfigPush::~ConfigPush() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ConfigPush::wake() {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = true;
  }
  changed_.notify_one();
}

bool ConfigPush::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void ConfigPush::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return waiting_ || stopping_; });
      if (stopping_) return;
      waiting_ = false;
    }
    push_to_all();
  }
}

std::shared_ptr<const ClusterState> ConfigPush::newest(WallTime now) {
  std::shared_ptr<const ClusterState> out;
  const auto authority = ports_.authority.get();
  const auto done = ports_.database.run(Scope::cluster(authority->cluster), [&](Transaction& tx) {
    const auto versions = tx.admissions().versions();
    if (versions) out = ports_.models.at_least(tx, versions->config_version, authority, now);
    return Ending::roll_back;
  });
  return done ? out : nullptr;
}

void ConfigPush::push_to_all() {
  const WallTime now = io::wall_now();
  const auto to = newest(now);
  if (!to) return ports_.events->send_to_all(kPull);  // who asks is told what is wrong
  const std::vector<std::string> streams = ports_.events->open_streams();
  for (std::size_t i = 0; i < streams.size() && !is_stopping(); i += kMaxPushedTogether) {
    const auto first = streams.begin() + static_cast<std::ptrdiff_t>(i);
    const auto count = std::min(kMaxPushedTogether, streams.size() - i);
    push_to({first, first + static_cast<std::ptrdiff_t>(count)}, *to, now);
  }
}

// A stream that was opened with a certificate that is good no more is about to end, and gets
// nothing but a hint.
void ConfigPush::push_to(const std::vector<std::string>& streams, const ClusterState& to,
                         WallTime now) {
  std::vector<PushTarget> targets;
  std::set<NodeId> asks;  // who has to
  for (const std::string& stream : streams) {
    if (is_stopping()) return;  // a database that is away may take seconds for each
    const auto node = NodeId::parse(stream);
    if (!node) continue;
    const auto known = ports_.given.find(*node);
    if (known && known->config && known->config->version >= to.version()) continue;
    asks.insert(*node);
    if (known && known->config && ports_.admission_cache.versions_for(*node, known->serial)) {
      targets.push_back({*node, *known->config});
    }
  }
  for (const PushedConfig& pushed : push_configs(ports_.models, to, targets, now)) {
    asks.erase(pushed.node);
    ports_.given.given(pushed.node, pushed.given);
    ports_.events->send_or(pushed.node.str(), {kPull.type, pushed.text, ""}, kPull);
  }
  for (const NodeId node : asks) ports_.events->send(node.str(), kPull);
}

}  // namespace rap::control::server
