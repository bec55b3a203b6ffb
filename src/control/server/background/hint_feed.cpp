#include "control/server/background/hint_feed.hpp"

#include <set>
#include <sstream>
#include <utility>

#include "control/store/database.hpp"
#include "io/system/system.hpp"
#include "wire/http/hints.hpp"

namespace rap::control::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookForStop{250};
constexpr milliseconds kRetry{1000};
// The first of many changes is hinted at once, those that follow together.
constexpr milliseconds kGap{100};
// A connection on which nothing is said may be dead, or lead to what was the primary once: another
// server announces the changes now.
constexpr std::chrono::seconds kProbeAfter{10};

const wire::SseEvent kConfig{std::string(wire::kConfigPending), "", ""};
const wire::SseEvent kCommands{std::string(wire::kCommandPending), "", ""};
const wire::SseEvent kEpochs{std::string(wire::kEpochBumped), "", ""};
const wire::SseEvent kBlocklist{std::string(wire::kBlocklistChanged), "", ""};

}  // namespace

HintFeed::HintFeed(std::string conninfo, ClusterId cluster, std::shared_ptr<io::EventSender> events,
                   HintHandlers handlers, Log& log)
    : conninfo_(std::move(conninfo)),
      cluster_(cluster.str()),
      events_(std::move(events)),
      handlers_(std::move(handlers)),
      log_(log),
      thread_([this] { run(); }) {}

HintFeed::~HintFeed() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

bool HintFeed::stopped_within(milliseconds time) {
  std::unique_lock lock(mutex_);
  return stop_.wait_for(lock, time, [this] { return stopping_; });
}

void HintFeed::run() {
  std::string said;
  do {
    const std::string reason = listen();
    if (!reason.empty() && reason != said) log_.warn("hints.away", {{"reason", reason}});
    said = reason;
  } while (!stopped_within(kRetry));
}

std::string HintFeed::listen() {
  auto connection = store::Connection::open(conninfo_, std::string(store::kAppRole));
  if (!connection) return connection.error().message;
  if (auto ok = connection->script("LISTEN rap_hints"); !ok) return ok.error().message;
  log_.info("hints.listening");
  // What was announced before we listened is lost to us.
  handlers_.on_change();
  for (const auto& hint : {kConfig, kCommands, kEpochs, kBlocklist}) events_->send_to_all(hint);
  MonoTime heard_at = io::mono_now();
  while (!stopped_within(milliseconds{0})) {
    const auto announced = connection->notifications(kLookForStop);
    if (!announced) return announced.error().message;
    if (!announced->empty()) {
      pass_on(*announced);
      heard_at = io::mono_now();
      if (stopped_within(kGap)) break;
    } else if (io::mono_now() - heard_at > kProbeAfter) {
      const auto alive = connection->query("SELECT current_setting('transaction_read_only')", {});
      if (!alive) return alive.error().message;
      if ((*alive)[0].text(0) == "on") return "the database takes no writes";
      heard_at = io::mono_now();
    }
  }
  return {};
}

// What is announced: "<what> <cluster>", and the node if it is for one (migration 0019).
void HintFeed::pass_on(const std::vector<std::string>& announced) {
  std::set<std::pair<std::string, std::string>> hints;  // what, and for which node
  for (const std::string& line : announced) {
    std::istringstream words(line);
    std::string what;
    std::string cluster;
    std::string node;
    words >> what >> cluster >> node;
    if (cluster == cluster_) hints.emplace(what, node);
  }
  if (hints.empty()) return;
  handlers_.on_change();
  for (const auto& [what, node] : hints) {
    if (what == "config" && handlers_.on_config) handlers_.on_config();
    if (what == "config" && !handlers_.on_config) events_->send_to_all(kConfig);
    if (what == "commands") events_->send(node, kCommands);
    if (what == "epochs") events_->send_to_all(kEpochs);
    if (what == "blocklist") events_->send_to_all(kBlocklist);
    if (what == "end") events_->end(node);
    if (what == kForgetLimits) handlers_.on_unlock();
  }
}

}  // namespace rap::control::server
