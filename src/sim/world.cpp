#include "sim/world.hpp"

#include <algorithm>

namespace rap::sim {

namespace {

constexpr Duration kPoll = 2s;           // agents ask for news
constexpr Duration kTalk = 100ms;        // each node says something
constexpr Duration kStalePeer = 5s;  // in every other world; in the rest there is no patience
constexpr Duration kTurmoil = 700ms;  // two mishaps are so far apart on average

}  // namespace

World::World(Plan plan)
    : plan_(plan),
      rng_(plan.seed),
      cluster_(ClusterId::random(rng_)),
      truth_(cluster_, rng_),
      network_(schedule_, rng_),
      invariants_(schedule_),
      cut_off_(plan.relays + plan.others) {
  if (plan.seed % 2 == 1) truth_.set_stale_peer(kStalePeer);
  for (std::size_t i = 0; i < plan.relays + plan.others; ++i) {
    const bool relay = i < plan.relays;
    const auto& member = truth_.add(relay, relay && i == 0);
    nodes_.push_back(std::make_unique<Node>(member.id, cluster_, schedule_, network_, rng_,
                                            invariants_, plan.planted));
    Node& node = *nodes_.back();
    node.renew(truth_.issue(node.id(), schedule_.now()));
    if (plan.faults) {
      node.set_clock({std::chrono::milliseconds(below(40'000)) - 20s,
                      0.98 + 0.04 * static_cast<double>(below(1000)) / 1000});
    }
  }
  network_.set_listener([this](NodeId at, ConnectionId id) -> Network::Listener {
    const auto it = std::ranges::find(nodes_, at, [](const auto& n) { return n->id(); });
    if (!(*it)->accept(id)) return {};
    return {it->get(), (*it)->certificate()};
  });
  for (auto& node : nodes_) tell(*node);
  keep_up();
  for (auto& node : nodes_) chat(*node, kTalk + within(kTalk));
}

World::~World() = default;

void World::tell(Node& node) {
  node.apply(truth_.view_of(node.id(), schedule_.now()));
  invariants_.told(node);
}

void World::isolate(std::size_t i, bool isolated) {
  cut_off_[i] = isolated;
  nodes_[i]->set_control(!isolated);
}

// What goes on in good times and bad: agents fetch configurations and renew certificates.
void World::keep_up() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = *nodes_[i];
    invariants_.check_bounds(node);
    if (cut_off_[i] || !node.up() || truth_.of(node.id()).revoked) continue;
    const Certificate& own = node.certificate();
    const bool due = schedule_.now() >= own.not_after - kCertificateLifetime / 3;
    if (due || own.root != truth_.newest_root())
      node.renew(truth_.issue(node.id(), schedule_.now()));
    const bool news = node.view().context.versions.config != truth_.version();
    const bool stale = schedule_.now() >= node.view().issued + kViewLifetime / 4;
    if (news || stale)
      schedule_.after(within(kPoll), [this, &node] {
        if (node.up()) tell(node);
      });
  }
  schedule_.after(kPoll, [this] { keep_up(); });
}

void World::chat(Node& node, Duration rhythm) {
  node.talk();
  schedule_.after(rhythm, [this, &node, rhythm] { chat(node, rhythm); });
}

void World::later(Duration when, Schedule::Task task) {
  schedule_.after(std::min(when, storm_left()), std::move(task));
}

void World::something_happens() {
  if (!storm_) return;
  if (plan_.faults && (!plan_.changes || below(3) > 0)) {
    break_something();
  } else if (plan_.changes) {
    change_something();
  }
  schedule_.after(within(kTurmoil * 2), [this] { something_happens(); });
}

void World::break_something() {
  Node& a = any();
  Node& b = any();
  switch (below(8)) {
    case 0:
    case 1: return network_.reset_one();
    case 2: return network_.cut(a.id(), b.id());
    case 3: network_.cut(a.id(), b.id()); return network_.cut(b.id(), a.id());
    case 4: return network_.heal();
    case 5: {
      if (!a.up()) return;
      network_.drop_all(a.id(), below(2) == 0);
      a.crash();
      invariants_.crashed(a);
      return later(within(30s), [&a] {
        if (!a.up()) a.restart();
      });
    }
    case 6: {
      const std::size_t i = below(nodes_.size());
      isolate(i, true);
      return later(within(2min), [this, i] { isolate(i, false); });
    }
    default: {
      network_.faults.stall_permille = static_cast<unsigned>(below(20));
      if (!plan_.hostility) return;
      a.set_hostile(true);
      return later(within(20s), [&a] { a.set_hostile(false); });
    }
  }
}

void World::change_something() {
  auto& member = truth_.members()[below(nodes_.size())];
  switch (below(7)) {
    case 0: member.draining = !member.draining; return truth_.changed();
    case 1: {
      bool& out = below(2) == 0 ? member.removed : member.disabled;
      out = !out;
      return truth_.changed();
    }
    case 2:
    case 3: {
      const auto bits = static_cast<std::uint16_t>(below(1U << wire::kTrafficClassCount));
      member.classes = *wire::TrafficClassSet::from_bits(bits);
      return truth_.changed();
    }
    case 4: {
      const auto severity = below(3) == 0 ? wire::Severity::drain : wire::Severity::close;
      if (below(2) == 0) {
        Node& victim = any();
        truth_.revoke_certificate(victim.certificate(), below(2) == 0, severity);
        return later(within(1min),
                     [this, &victim] { victim.renew(truth_.issue(victim.id(), schedule_.now())); });
      }
      // A cluster of revoked nodes proves nothing.
      const auto revoked = [](const auto& m) { return m.revoked; };
      if (std::ranges::count_if(truth_.members(), revoked) < 3) truth_.revoke(member, severity);
      return;
    }
    case 5: {
      if (!truth_.rotating()) return truth_.begin_rotation();
      // The old root retires when every node's certificate has moved.
      const bool moved = std::ranges::all_of(truth_.members(), [&](const auto& m) {
        return m.revoked || m.root == truth_.newest_root();
      });
      if (moved) truth_.end_rotation();
      return;
    }
    default: return truth_.next_epoch();
  }
}

void World::heal() {
  storm_ = false;
  network_.heal();
  network_.faults = {};
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = *nodes_[i];
    if (!node.up()) node.restart();
    node.set_clock({Duration{0}, 1});
    isolate(i, false);
    node.set_hostile(false);
    if (!truth_.of(node.id()).revoked) tell(node);
  }
  for (auto& member : truth_.members()) {
    if (member.classes.empty()) member.classes = wire::TrafficClassSet::all();
    member.draining = false;
    member.removed = false;
    member.disabled = false;
  }
  truth_.changed();
}

void World::run_for(Duration time) {
  const Duration until = schedule_.now() + time;
  while (!invariants_.violated() && schedule_.step(until)) {
  }
}

void World::converge() {
  for (auto& node : nodes_) {
    if (node->up() && !truth_.of(node->id()).revoked) tell(*node);
  }
  run_for(20s);
}

bool World::connected(std::size_t a, std::size_t b) const {
  const auto sees = [](const Node& self, const Node& other) {
    if (!self.up()) return false;
    return std::ranges::any_of(self.table().channels(), [&](const auto& c) {
      return c->lifecycle.peer() == other.id() &&
             c->lifecycle.state() == channel::State::established;
    });
  };
  return sees(*nodes_[a], *nodes_[b]) && sees(*nodes_[b], *nodes_[a]);
}

// How `self` stands with `other`, for whoever has to find out why.
std::string World::described(const Node& self, const Node& other) {
  std::string out = self.id().str().substr(0, 8) + ":";
  for (const auto& c : self.table().channels()) {
    const auto& l = c->lifecycle;
    if (l.peer() != other.id() && l.expected() != other.id()) continue;
    out += " " + std::string(channel::to_string(l.state())) + " " +
           std::string(channel::to_string(l.reason()));
  }
  const auto& peers = self.table().reconnector().peers();
  if (const auto it = peers.find(other.id()); it != peers.end()) {
    const auto& p = it->second;
    out += " dialler, failures " + std::to_string(p.failures) + " last " +
           std::string(channel::to_string(p.last_reason)) + (p.stopped ? " stopped" : "") +
           (p.engaged ? " engaged" : "");
  }
  return out;
}

// Everything that should be, is; nothing else is.
void World::check_alive() {
  for (std::size_t a = 0; a < nodes_.size(); ++a) {
    for (std::size_t b = a + 1; b < nodes_.size(); ++b) {
      const bool should =
          truth_.should_be_connected(truth_.of(nodes_[a]->id()), truth_.of(nodes_[b]->id()));
      if (should == connected(a, b)) continue;
      invariants_.violate(*nodes_[a], (should ? "has no channel with " : "has a channel with ") +
                                          nodes_[b]->id().str() + " long after all was well; " +
                                          described(*nodes_[a], *nodes_[b]) + "; " +
                                          described(*nodes_[b], *nodes_[a]));
    }
  }
}

Result World::run() {
  if (plan_.faults || plan_.changes) something_happens();
  run_for(plan_.storm);
  if (!invariants_.violated()) {
    heal();
    run_for(kHealingBound + channel::kDrainTimeout);
  }
  if (!invariants_.violated()) check_alive();
  return {invariants_.violated(), invariants_.digest(), invariants_.payloads(),
          invariants_.transitions(), invariants_.dials()};
}

}  // namespace rap::sim
