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

// For a while no check-in sends a node after what is on its way to it. With a database that is slow
// the way is long, and whoever asks is answered sooner.
void ConfigPush::push_to_all() {
  std::vector<NodeId> nodes;
  for (const std::string& stream : ports_.events->open_streams()) {
    if (const auto node = NodeId::parse(stream)) nodes.push_back(*node);
  }
  ports_.given.await_next(nodes, io::wall_now() + kOnItsWay);
  push_newest_to(nodes);
  ports_.given.await_nothing();
}

void ConfigPush::push_newest_to(std::vector<NodeId>& nodes) {
  const WallTime now = io::wall_now();
  const auto to = newest(now);
  if (!to) return ports_.events->send_to_all(kPull);  // who asks is told what is wrong
  PushedConfigs next(ports_.models, *to, now);
  // What is made for one node alone, as a relay's long list of peers, takes as long as what is made
  // for hundreds that are told alike: nobody waits for it but that node.
  const auto alone = std::ranges::stable_partition(nodes, [&](NodeId node) {
    const snapshot::ModelNode* known = to->index.find(node);
    return known != nullptr && to->index.alike(*known).has_value();
  });
  const std::span all(nodes);
  for (std::span<const NodeId> some :
       {all.first(all.size() - alone.size()), all.last(alone.size())}) {
    while (!some.empty() && !is_stopping()) {
      const std::size_t count = std::min(kMaxPushedTogether, some.size());
      push_to(some.first(count), *to, next);
      some = some.subspan(count);
    }
  }
}

// A stream that was opened with a certificate that is good no more is about to end, and gets
// nothing but a hint.
void ConfigPush::push_to(std::span<const NodeId> nodes, const ClusterState& to,
                         PushedConfigs& next) {
  std::vector<PushTarget> targets;
  std::set<NodeId> asks;  // who has to
  for (const NodeId node : nodes) {
    if (is_stopping()) return;  // a database that is away may take seconds for each
    const auto known = ports_.given.find(node);
    if (known && known->config && known->config->version >= to.version()) continue;
    asks.insert(node);
    if (known && known->config && ports_.admission_cache.versions_for(node, known->serial)) {
      targets.push_back({node, *known->config});
    }
  }
  for (const PushedConfig& pushed : next.make(targets)) {
    asks.erase(pushed.node);
    ports_.given.given(pushed.node, pushed.given);
    ports_.events->send_or(pushed.node.str(), {kPull.type, pushed.text, ""}, kPull);
  }
  for (const NodeId node : asks) ports_.events->send(node.str(), kPull);
}

}  // namespace rap::control::server
