#include "sim/link_world.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace rap::sim {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr std::uint64_t kUsers = 5;
constexpr std::uint64_t kAddresses = 20;
constexpr Duration kRefused = 2ms;       // a host that answers, without a listener
constexpr Duration kNoAnswer = 10s;      // what the agent waits for an answer
constexpr Duration kRestart = 500ms;     // an agent is back after this
constexpr unsigned kOneIn1000 = 1000;

// What is answered to a report is that it arrived, and HTTP says that once.
bool is_pull(agent::ControlCall call) {
  return call == agent::ControlCall::checkin || call == agent::ControlCall::pull_configs ||
         call == agent::ControlCall::pull_commands || call == agent::ControlCall::pull_epochs ||
         call == agent::ControlCall::pull_blocklist;
}

agent::Answer unreachable() { return std::unexpected("The control plane cannot be reached."); }

}  // namespace

// What is on disk when the agent dies in the middle of storing.
class LinkWorld::Store final : public agent::TestSecurityStore {
 public:
  explicit Store(LinkWorld& world) : world_(world) {}

  agent::StoreOutcome<void> apply(snapshot::DeltaStream stream,
                                  const snapshot::SecurityChanges& changes, agent::StreamState next,
                                  WallTime now) override {
    if (!world_.chance(world_.options_.crash_permille)) {
      return TestSecurityStore::apply(stream, changes, next, now);
    }
    died = true;
    if (world_.options_.planted == LinkFault::cursor_before_rows) {
      states[stream] = next;
    } else if (world_.chance(kOneIn1000 / 2)) {
      (void)TestSecurityStore::apply(stream, changes, next, now);
    }
    return std::unexpected(agent::StoreRefusal{agent::StoreFault::unavailable, "it died"});
  }

  bool died = false;

 private:
  LinkWorld& world_;
};

struct LinkWorld::Member {
  explicit Member(LinkWorld& world) : rng(world.rng_.next()), store(world) {}

  NodeId id;
  SeededRandom rng;
  agent::TestNodeFiles state;
  Store store;
  std::unique_ptr<agent::ControlLink> link;
  std::uint64_t life = 0;   // the agent's; what was under way in another life is gone
  std::uint64_t timer = 0;  // the newest counts
  bool reachable = true;
  bool stream = false;
  std::uint64_t stream_number = 0;
  std::uint64_t runs_config = 0;
  std::set<std::string> carried_out;
  // What the data plane was told to enforce.
  std::map<UserId, std::uint64_t> epochs;
  std::set<std::string> listed;
};

LinkWorld::LinkWorld(LinkWorldOptions options)
    : options_(options), rng_(options.seed), control_(options.seed) {
  for (std::uint64_t i = 0; i < kUsers; ++i) users_.push_back(UserId::random(rng_));
  for (std::size_t i = 0; i < options_.nodes; ++i) {
    members_.push_back(std::make_unique<Member>(*this));
    members_.back()->id = NodeId::random(rng_);
    // They do not begin in one instant.
    schedule_.after(Duration(static_cast<Duration::rep>(rng_.below(Duration(5s).count()))),
                    [this, i] { start(i); });
  }
}

LinkWorld::~LinkWorld() = default;

agent::Now LinkWorld::clocks() const {
  return {mono(),
          LinkControl::kStart + std::chrono::duration_cast<std::chrono::seconds>(schedule_.now())};
}

void LinkWorld::start(std::size_t i) {
  Member& m = *members_[i];
  ++m.life;
  m.stream = false;
  m.store.died = false;
  const auto state = agent::load_link_state(m.state, control_.cluster());
  agent::ControlLinkOptions options{
      .scope = {{control_.config_key()}, control_.cluster(), m.id, control_.first_roots()},
      .certificate = control_.certificate(),
      .host = {"host", "os", "1"},
      .made_at = mono()};
  if (const auto it = m.state.files.find(std::string(agent::kTrustBundleFile));
      it != m.state.files.end()) {
    options.scope.roots = *crypto::Certificate::chain_from_pem(it->second);
  }
  m.link = std::make_unique<agent::ControlLink>(std::move(options), state.value(), m.state, m.store,
                                                m.rng);
  take(i, m.link->load(clocks()));
  step(i, agent::FabricConnected{});
}

void LinkWorld::restart(std::size_t i) {
  Member& m = *members_[i];
  m.link.reset();
  ++m.life;
  m.stream = false;
  schedule_.after(kRestart, [this, i, life = m.life] {
    if (members_[i]->life == life) start(i);
  });
}

void LinkWorld::step(std::size_t i, const agent::LinkEvent& event) {
  Member& m = *members_[i];
  if (!m.link) return;
  const agent::LinkActions actions = m.link->step(clocks(), event);
  if (m.store.died) return restart(i);
  take(i, actions);
}

void LinkWorld::take(std::size_t i, const agent::LinkActions& actions) {
  for (const agent::LinkAction& action : actions) {
    if (const auto* call = std::get_if<agent::SendToControl>(&action)) send(i, *call);
    if (std::holds_alternative<agent::OpenEvents>(action)) open_stream(i);
    if (const auto* tell = std::get_if<agent::TellFabric>(&action)) tell_fabric(i, tell->message);
  }
  set_timer(i);
}

void LinkWorld::set_timer(std::size_t i) {
  Member& m = *members_[i];
  const MonoTime at = m.link->next_wakeup();
  if (at == agent::Poller::kNever) return;
  // What is due at once says the earliest time there is.
  const MonoTime start = mono() - schedule_.now();
  schedule_.at(std::max(at, start) - start, [this, i, mine = ++m.timer] {
    if (members_[i]->timer == mine) step(i, agent::LinkWoken{});
  });
}

bool LinkWorld::connected(std::size_t i) const { return control_up_ && members_[i]->reachable; }

Duration LinkWorld::latency() {
  return 1ms + Duration(static_cast<Duration::rep>(rng_.below(Duration(100ms).count())));
}

void LinkWorld::note(std::uint64_t what) {
  constexpr std::uint64_t kPrime = 1099511628211ULL;
  digest_ = (digest_ ^ what) * kPrime;
}

LinkWorld::Arrivals& LinkWorld::this_second() {
  const auto second = static_cast<std::size_t>(schedule_.now() / 1s);
  if (arrivals_.size() <= second) arrivals_.resize(second + 1);
  return arrivals_[second];
}

LinkWorld::Arrivals LinkWorld::peak(Duration from) const {
  Arrivals most;
  for (auto second = static_cast<std::size_t>(from / 1s); second < arrivals_.size(); ++second) {
    most.calls = std::max(most.calls, arrivals_[second].calls);
    most.streams = std::max(most.streams, arrivals_[second].streams);
  }
  return most;
}

void LinkWorld::send(std::size_t i, const agent::SendToControl& call) {
  note(static_cast<std::uint64_t>(schedule_.now().count()));
  note(i * 256 + static_cast<std::uint64_t>(call.call));
  const std::uint64_t life = members_[i]->life;
  if (chance(options_.lost_permille)) {
    schedule_.after(kNoAnswer, [this, i, life, which = call.call] {
      if (members_[i]->life == life) step(i, agent::ControlAnswered{which, unreachable()});
    });
    return;
  }
  schedule_.after(latency(), [this, i, life, call] { deliver(i, life, call); });
}

void LinkWorld::deliver(std::size_t i, std::uint64_t life, const agent::SendToControl& call) {
  agent::Answer answer = unreachable();
  Duration after = kRefused;
  Arrivals& second = this_second();
  ++second.calls;
  if (connected(i)) {
    after = latency();
    if (second.calls + second.streams > options_.capacity) {
      answer = wire::HttpResponse{};
      answer->status = 503;
    } else {
      answer = control_.answer(members_[i]->id, call.request, clocks().wall);
    }
    if (chance(options_.lost_permille)) {
      answer = unreachable();
      after = kNoAnswer;
    }
  }
  const unsigned copies = is_pull(call.call) && chance(options_.repeated_permille) ? 2 : 1;
  for (unsigned copy = 0; copy < copies; ++copy) {
    schedule_.after(after, [this, i, life, which = call.call, answer] {
      if (members_[i]->life == life) step(i, agent::ControlAnswered{which, answer});
    });
    after += latency() * 20;  // long overtaken
  }
}

void LinkWorld::open_stream(std::size_t i) {
  schedule_.after(latency(), [this, i, life = members_[i]->life] {
    Member& m = *members_[i];
    if (m.life != life) return;
    Arrivals& second = this_second();
    ++second.streams;
    note(i);
    if (connected(i) && second.calls + second.streams <= options_.capacity) {
      m.stream = true;
      ++m.stream_number;
      step(i, agent::EventsOpened{});
    } else {
      step(i, agent::EventsEnded{unreachable()});
    }
  });
}

void LinkWorld::end_stream(std::size_t i) {
  if (std::exchange(members_[i]->stream, false)) step(i, agent::EventsEnded{unreachable()});
}

void LinkWorld::control_up(bool up) {
  control_up_ = up;
  if (up) return;
  for (std::size_t i = 0; i < members_.size(); ++i) end_stream(i);
}

void LinkWorld::reachable(std::size_t node, bool reachable) {
  members_[node]->reachable = reachable;
  if (!reachable) end_stream(node);
}

void LinkWorld::hint() {
  if (!options_.hints) return;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i]->stream) continue;
    for (const char* type :
         {"config.pending", "command.pending", "epoch.bumped", "blocklist.changed"}) {
      schedule_.after(latency(), [this, i, type, number = members_[i]->stream_number] {
        if (members_[i]->stream && members_[i]->stream_number == number) {
          step(i, agent::HintCame{type});
        }
      });
    }
  }
}

// The data plane does what it is told, at once.
void LinkWorld::tell_fabric(std::size_t i, const std::string& message) {
  Member& m = *members_[i];
  const json said = json::parse(message);
  const std::string type = said["type"];
  std::string back;
  if (type == "config") {
    m.runs_config = said["config"]["version"];
    wire::Observations observations;
    observations.config_version = m.runs_config;
    back = wire::encode_to_agent(observations);
  } else if (type == "command") {
    m.carried_out.insert(said["id"].get<std::string>());
    back = wire::encode_to_agent(wire::CommandResult{said["id"], "ok"});
  } else if (type == "security_state" || type == "security_changes") {
    if (said.value("first", false)) {
      m.epochs.clear();
      m.listed.clear();
    }
    for (const json& c : said["epochs"]) {
      m.epochs[*UserId::parse(c["user"].get<std::string>())] = c["epoch"];
    }
    for (const json& c : said["blocklist"]) {
      const std::string value = c["value"];
      if (c["action"] == "add") {
        m.listed.insert(value);
      } else {
        m.listed.erase(value);
      }
    }
  }
  if (back.empty()) return;
  schedule_.after(1ms, [this, i, back, life = m.life] {
    if (members_[i]->life == life) step(i, agent::FabricSaid{back});
  });
}

void LinkWorld::change_truth() {
  const auto address = [this] { return "192.0.2." + std::to_string(rng_.below(kAddresses)); };
  switch (rng_.below(8)) {
    case 0: control_.change_config(); break;
    case 1: control_.rotate_root(); break;
    case 2: control_.command(members_[rng_.below(members_.size())]->id); break;
    case 3:
    case 4: control_.bump_epoch(users_[rng_.below(users_.size())]); break;
    default:
      if (options_.planted == LinkFault::numbers_out_of_order && chance(kOneIn1000 / 4)) {
        // The one that is numbered second is seen, and pulled, first.
        control_.list_unseen(address(), rng_.below(3) > 0);
        control_.list(address(), rng_.below(3) > 0);
        hint();
        run(1s);
        control_.show_unseen();
      }
      control_.list(address(), rng_.below(3) > 0);
  }
  hint();
}

void LinkWorld::run(Duration time) {
  const Duration until = schedule_.now() + time;
  while (schedule_.step(until)) {
  }
}

void LinkWorld::storm(Duration time) {
  const Duration until = schedule_.now() + time;
  while (schedule_.now() < until) {
    run(Duration(static_cast<Duration::rep>(rng_.below(Duration(10s).count()))));
    const std::size_t node = rng_.below(members_.size());
    switch (rng_.below(10)) {
      case 0: reachable(node, false); break;
      case 1:
      case 2: reachable(node, true); break;
      case 3: restart(node); break;
      case 4: control_up(false); break;
      case 5:
      case 6: control_up(true); break;
      default: change_truth();
    }
  }
  control_up(true);
  for (std::size_t i = 0; i < members_.size(); ++i) reachable(i, true);
}

std::string LinkWorld::difference(std::size_t node) const {
  const Member& m = *members_[node];
  const std::string who = "node " + std::to_string(node) + ": ";
  if (m.runs_config != control_.config_version()) {
    return who + "runs configuration " + std::to_string(m.runs_config) + " of " +
           std::to_string(control_.config_version());
  }
  if (const auto roots = m.state.files.find(std::string(agent::kTrustBundleFile));
      roots != m.state.files.end() && roots->second != control_.trusted_pem()) {
    return who + "trusts other roots";
  }
  if (control_.unfinished(m.id) > 0) return who + "has not finished its commands";
  if (m.listed != control_.listed()) return who + "enforces another blocklist";
  std::map<UserId, std::uint64_t> wanted;
  for (const auto& [user, row] : control_.epochs()) wanted[user] = row.epoch;
  if (m.epochs != wanted) return who + "enforces other epochs";
  std::set<std::string> stored;
  for (const auto& [key, row] : m.store.blocklist) stored.insert(key.second);
  if (stored != control_.listed()) return who + "stores another blocklist";
  return {};
}

std::string LinkWorld::first_difference() const {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (auto text = difference(i); !text.empty()) return text;
  }
  return {};
}

bool LinkWorld::all_streams_up() const {
  return std::ranges::all_of(members_, [](const auto& m) { return m->stream; });
}

}  // namespace rap::sim
