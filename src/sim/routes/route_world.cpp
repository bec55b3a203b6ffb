#include "sim/routes/route_world.hpp"

#include <algorithm>

#include "sim/routes/local_policy.hpp"

namespace rap::sim {
namespace {

// A session whose other end is silent is given up between these.
constexpr Duration kGivenUpAfter{500ms};
constexpr Duration kGivenUpSpread{1s};
constexpr Duration kDialAfter{50ms};
constexpr Duration kDialSpread{450ms};
constexpr std::uint8_t kHops = 32;

}  // namespace

RoutePlan plan_of(std::size_t nodes) {
  constexpr std::size_t kFew = 100;  // of so many, every eligible route is looked at
  RoutePlan plan;
  plan.mesh.relays = std::max<std::size_t>(nodes / 10, 4);
  plan.mesh.leaves = nodes - plan.mesh.relays;
  plan.mesh.destinations = std::clamp<std::size_t>(nodes / 20, 2, 200);
  plan.mishaps = plan.mishaps * 30 / static_cast<int>(std::max<std::size_t>(nodes, 30));
  plan.all_ways = nodes <= kFew;
  return plan;
}

RouteWorld::RouteWorld(const RoutePlan& plan)
    : plan_(plan), rng_(plan.mesh.seed ^ 0x5eed), truth_(plan.mesh) {
  cluster_ = ClusterId::random(rng_);
  const std::size_t count = truth_.nodes().size();
  hosts_.resize(count);
  wires_.resize(truth_.links().size());
  for (std::size_t l = 0; l < wires_.size(); ++l) {
    const auto& ends = truth_.links()[l].ends;
    between_[{std::min(ends[0], ends[1]), std::max(ends[0], ends[1])}] = l;
  }
  for (std::size_t n = 0; n < count; ++n) {
    Host& host = hosts_[n];
    host.policy = std::make_unique<LocalPolicy>(truth_, n, policy_);
    host.keys = std::make_unique<PretendedKeys>(plan.mesh.seed, truth_.nodes()[n].id);
    host.keys->believes_everything = plan.planted == PlantedRoute::believes_every_signature ||
                                     plan.planted == PlantedRoute::forgets_feasibility;
    host.rng = std::make_unique<SeededRandom>(rng_.next());
    host.starts_at = 1'000'000 + below(1'000);
    start(n);
  }
  for (std::size_t l = 0; l < wires_.size(); ++l) dial(l, within(1s));
}

RouteWorld::~RouteWorld() = default;

void RouteWorld::start(std::size_t n) {
  Host& host = hosts_[n];
  const MeshNode& node = truth_.nodes()[n];
  ++host.life;
  host.lie = Lie::none;
  host.policy->version = policy_;
  const routes::DistanceVectorSettings settings{.cluster = cluster_,
                                                .self = node.id,
                                                .is_destination = node.destination,
                                                .is_transit = node.relay,
                                                .epoch = host.starts_at,
                                                .policy_version = policy_,
                                                .max_hops = kHops};
  host.core = std::make_unique<routes::DistanceVector>(time(), settings, *host.policy, *host.keys,
                                                       *host.rng);
  host.timer_at = Duration::max();
  arm(n);
}

void RouteWorld::stop(std::size_t n) {
  hosts_[n].core.reset();
  for (std::size_t l = 0; l < wires_.size(); ++l) {
    const auto& ends = truth_.links()[l].ends;
    if (ends[0] != n && ends[1] != n) continue;
    end_session(l, truth_.links()[l].end_of(n));
  }
}

void RouteWorld::arm(std::size_t n) {
  Host& host = hosts_[n];
  const Duration at = std::max(schedule_.now(), host.core->next_timeout().time_since_epoch());
  if (at >= host.timer_at) return;
  host.timer_at = at;
  schedule_.at(at, [this, n, at, life = host.life] {
    Host& h = hosts_[n];
    if (!h.core || h.life != life || h.timer_at != at) return;
    h.timer_at = Duration::max();
    if (h.core->next_timeout() > time()) return arm(n);
    drive(n, routes::event::RoutesDue{});
  });
}

void RouteWorld::drive(std::size_t n, const routes::Event& event) {
  Host& host = hosts_[n];
  if (!host.core || result_.violation) return;
  const std::uint64_t life = host.life;
  const auto actions = host.core->step(time(), event);
  if (truth_.nodes()[n].destination)
    signed_[truth_.nodes()[n].id] = std::max(signed_[truth_.nodes()[n].id], host.core->number());
  for (const routes::Action& a : actions) {
    if (const auto* s = std::get_if<routes::action::SendRoutes>(&a)) {
      send(n, s->neighbour, s->payload);
    } else if (const auto* c = std::get_if<routes::action::RouteChanged>(&a)) {
      note(n, *c);
    } else if (const auto* r = std::get_if<routes::action::RefuseNeighbour>(&a)) {
      ++result_.refusals;
      if (hosts_[truth_.index(r->neighbour)].lied) continue;
      violate("node " + std::to_string(n) +
              " refuses an honest one: " + std::string(to_string(r->why)));
    }
  }
  if (host.core && host.life == life) arm(n);
}

std::optional<std::size_t> RouteWorld::link_between(std::size_t n, std::size_t other) const {
  const auto at = between_.find({std::min(n, other), std::max(n, other)});
  return at == between_.end() ? std::nullopt : std::optional(at->second);
}

// --- sessions

void RouteWorld::dial(std::size_t l, Duration after) {
  if (wires_[l].dialling) return;
  wires_[l].dialling = true;
  schedule_.after(after, [this, l] {
    Wire& wire = wires_[l];
    const MeshLink& link = truth_.links()[l];
    wire.dialling = false;
    if (wire.from[0].session != 0) return;
    const bool ready = !wire.from[0].blocked && !wire.from[1].blocked &&
                       hosts_[link.ends[0]].core && hosts_[link.ends[1]].core;
    if (!ready) return dial(l, kDialAfter + within(kDialSpread));
    const std::uint64_t session = next_session_++;
    wire.from[0].session = session;
    wire.from[0].free_at =
        std::max(wire.from[0].free_at, schedule_.now() + link.latency + wire.from[0].clog);
    schedule_.at(wire.from[0].free_at, [this, l, session] { accept(l, session); });
    drive(link.ends[0], routes::event::NeighbourUp{truth_.nodes()[link.ends[1]].id, link.costs});
  });
}

void RouteWorld::accept(std::size_t l, std::uint64_t session) {
  Wire& wire = wires_[l];
  const MeshLink& link = truth_.links()[l];
  if (!hosts_[link.ends[1]].core || wire.from[1].session > session) return watch(l, 0);
  wire.from[1].session = session;
  std::erase_if(wire.from[1].held, [&](const Held& h) { return h.session != session; });
  drive(link.ends[1], routes::event::NeighbourUp{truth_.nodes()[link.ends[0]].id, link.costs});
  if (wire.from[0].session != session) watch(l, 1);
}

void RouteWorld::end_session(std::size_t l, std::size_t end) {
  Direction& own = wires_[l].from[end];
  if (own.session == 0) return;
  own.session = 0;
  const MeshLink& link = truth_.links()[l];
  drive(link.ends[end], routes::event::NeighbourDown{truth_.nodes()[link.ends[1 - end]].id});
  watch(l, 1 - end);
  dial(l, kDialAfter + within(kDialSpread));
}

// The end finds out, if its session is broken: by a reset when that gets through, else by silence.
void RouteWorld::watch(std::size_t l, std::size_t end) {
  const std::uint64_t session = wires_[l].from[end].session;
  if (session == 0) return;
  const Direction& other = wires_[l].from[1 - end];
  const bool told = !other.blocked && other.session != session;
  const Duration after =
      told ? truth_.links()[l].latency + other.clog : kGivenUpAfter + within(kGivenUpSpread);
  schedule_.after(after, [this, l, end, session] {
    const Wire& wire = wires_[l];
    if (wire.from[end].session != session) return;
    const bool whole = wire.from[1 - end].session == session;
    // One that is being accepted is not broken.
    const bool young =
        end == 0 && wire.from[1].session < session && wire.from[0].free_at > schedule_.now();
    if (young) return watch(l, end);
    if (whole && !wire.from[0].blocked && !wire.from[1].blocked) return;
    end_session(l, end);
  });
}

// --- messages

void RouteWorld::send(std::size_t n, NodeId to, Bytes payload) {
  const auto l = link_between(n, truth_.index(to));
  if (!l) return;
  const std::size_t end = truth_.links()[*l].end_of(n);
  const std::uint64_t session = wires_[*l].from[end].session;
  if (session == 0) return;
  if (hosts_[n].lie != Lie::none) payload = lied(n, std::move(payload));
  transmit(*l, end, {session, std::move(payload)});
}

void RouteWorld::transmit(std::size_t l, std::size_t end, Held message) {
  Direction& way = wires_[l].from[end];
  if (way.blocked) return way.held.push_back(std::move(message));
  const Duration at =
      std::max(way.free_at, schedule_.now() + truth_.links()[l].latency + within(2ms) + way.clog);
  way.free_at = at;
  schedule_.at(at, [this, l, end, m = std::move(message)] { arrive(l, end, m); });
}

void RouteWorld::arrive(std::size_t l, std::size_t end, const Held& message) {
  const MeshLink& link = truth_.links()[l];
  if (wires_[l].from[1 - end].session != message.session) return;
  const std::size_t n = link.ends[1 - end];
  hosts_[n].received += message.payload.size();
  const Bytes payload = planted(message.payload);
  drive(n, routes::event::RoutesReceived{truth_.nodes()[link.ends[end]].id, payload});
}

Bytes RouteWorld::planted(Bytes payload) const {
  if (plan_.planted != PlantedRoute::forgets_feasibility) return payload;
  auto message = wire::RouteMessage::decode(payload);
  if (!message) return payload;
  for (wire::RouteUpdate& update : message->updates) {
    if (update.reaches())
      update.origin.number = {static_cast<std::uint64_t>(schedule_.now().count()), 1};
  }
  return message->encode();
}

void RouteWorld::run_for(Duration time) {
  const Duration until = schedule_.now() + time;
  while (!result_.violation && schedule_.step(until)) {
  }
}

RouteResult RouteWorld::run() {
  if (plan_.all_ways) watch_all_ways();
  something_happens();
  run_for(plan_.storm);
  if (!result_.violation) {
    heal();
    find_pairs();
    look_for_ways();
    run_for(kReachedBound);
    sum_up();
  }
  if (!result_.violation && plan_.nearest) {
    constexpr Duration kMeasured{60s};
    run_for(plan_.quiet - kMeasured);
    for (Host& host : hosts_) host.received = 0;
    run_for(kMeasured);
    check_nearest();
  }
  for (const Host& host : hosts_) {
    if (host.core) result_.changes += host.core->counters().changes;
  }
  check_leaves();
  return result_;
}

}  // namespace rap::sim
