#include "fabric.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "observations.hpp"
#include "wire/url.hpp"

namespace rap::fabric {

using namespace std::chrono_literals;
using policy::NodeRole;

namespace {

constexpr Duration kTick = 1s;
constexpr Duration kShutDownGrace = 1s;

std::vector<crypto::Certificate> roots_of(const snapshot::NodeConfig& config) {
  return crypto::Certificate::chain_from_pem(config.trust_bundle_pem)
      .value_or(std::vector<crypto::Certificate>{});
}

}  // namespace

Fabric::Fabric(io::EventLoop& loop, Settings settings, Log& log)
    : loop_(loop),
      settings_(std::move(settings)),
      log_(log),
      targets_(loop),
      router_(*this, targets_, random_, io::wall_now()),
      ticker_(loop),
      shut_down_timer_(loop),
      agent_(loop, (settings_.state / "agent.sock").string(),
             {.on_config = [this](const auto& config) { configure(config); },
              .on_terminate_session =
                  [this](SessionId session) { router_.end_session(session, io::wall_now()); }},
             log) {
  targets_.attach(router_.egress());
  tick();
}

Fabric::~Fabric() = default;

// --- configuration
// ---------------------------------------------------------------------------------

void Fabric::configure(const snapshot::NodeConfig& config) {
  if (configured_ && (config.cluster != config_.cluster || config.node != config_.node)) {
    return log_.error("config.refused", {{"detail", "it names another node or cluster"}});
  }
  const auto identity = read_identity(settings_.state);
  if (!identity) return log_.error("identity.unreadable", {{"detail", identity.error()}});
  config_ = config;
  configured_ = true;
  make_contexts(*identity);
  router_.set_seal_key(identity->seal);
  router_.configure(config);
  open_listeners();
  std::vector<Lane*> live;
  for (const auto& [lane, owned] : lanes_) live.push_back(lane);
  for (Lane* lane : live) lane->policy_changed(config.version);
  update_dialled();
  log_.info("config.applied", {{"version", config.version}, {"peers", config.peers.size()}});
}

void Fabric::make_contexts(const Identity& identity) {
  const auto roots = roots_of(config_);
  const crypto::AcceptMember member{roots, config_.cluster, wire::SpiffeId::Kind::node, {}};
  using crypto::TlsContext;
  using crypto::TlsRole;
  client_tls_ =
      TlsContext::make(TlsRole::server, identity.tls, crypto::AcceptAnyone{}, io::wall_now);
  accept_tls_ = TlsContext::make(TlsRole::server, identity.tls, member, io::wall_now);
  dial_tls_ = TlsContext::make(TlsRole::client, identity.tls, member, io::wall_now);
}

// A listener exists only while a role or a neighbour needs it.
void Fabric::open_listeners() {
  const auto keep = [&](bool wanted, std::unique_ptr<io::StreamListener>& listener,
                        const Address& at, const char* name, io::StreamListener::OnAccept fn) {
    if (!wanted) return listener.reset();
    if (listener) return;
    try {
      listener = std::make_unique<io::StreamListener>(loop_, at.host, at.port, std::move(fn));
      log_.info("listener.open", {{"listener", name}, {"port", listener->port()}});
    } catch (const std::system_error& e) {
      // The next configuration, or the ticker, tries again.
      log_.error("listener.failed", {{"listener", name}, {"detail", e.what()}});
    }
  };
  const bool dialled_by_others = std::any_of(config_.peers.begin(), config_.peers.end(),
                                             [](const auto& p) { return !p.dial; });
  keep(dialled_by_others, fabric_listener_, settings_.fabric, "fabric",
       [this](int fd, const std::string& ip) { accept_lane(fd, ip); });
  keep(config_.has_role(NodeRole::entry), client_listener_, settings_.data_plane, "data_plane",
       [this](int fd, const std::string& ip) { accept_client(fd, ip); });
}

// --- lanes
// -----------------------------------------------------------------------------------------

void Fabric::update_dialled() {
  for (auto it = dialled_.begin(); it != dialled_.end();) {
    const bool wanted = std::any_of(config_.peers.begin(), config_.peers.end(),
                                    [&](const auto& p) { return p.dial && p.node == it->first; });
    if (wanted) {
      ++it;
    } else {
      // A live channel to it closes by itself: its policy no longer permits the peer.
      it = dialled_.erase(it);
    }
  }
  for (const auto& peer : config_.peers) {
    if (!peer.dial) continue;
    auto& d = dialled_[peer.node];
    d.peer = peer;
    if (!d.timer) d.timer = std::make_unique<io::Timer>(loop_);
    if (d.lane == nullptr) dial(peer.node);
  }
}

Lane& Fabric::add_lane(std::optional<NodeId> expected) {
  LaneOwner& owner = *this;
  auto lane = std::make_unique<Lane>(loop_, router_, owner, log_, ChannelId::random(random_),
                                     channel::Local{config_.cluster, config_.node, config_.version},
                                     expected);
  Lane& ref = *lane;
  lanes_.emplace(&ref, std::move(lane));
  return ref;
}

void Fabric::dial(NodeId peer) {
  const auto it = dialled_.find(peer);
  if (it == dialled_.end() || shutting_down_) return;
  Dialled& d = it->second;
  if (d.lane != nullptr || d.peer.endpoints.empty() || lanes_.size() >= kMaxLanes) return;
  const auto& endpoint = d.peer.endpoints[d.next_endpoint++ % d.peer.endpoints.size()];
  const auto at = wire::parse_host_port(endpoint);
  if (!at) {
    log_.error("channel.bad_endpoint", {{"peer", peer.str()}, {"endpoint", endpoint}});
    return redial_later(d);
  }
  d.lane = &add_lane(peer);
  d.lane->dial(at->host, at->port, {.tls = dial_tls_});
}

void Fabric::redial_later(Dialled& d) {
  d.timer->after(d.backoff.next(random_), [this, peer = d.peer.node] { dial(peer); });
}

void Fabric::accept_lane(int fd, const std::string& peer_ip) {
  if (lanes_.size() >= kMaxLanes || shutting_down_) {
    log_.warn("channel.limit_reached", {{"peer_ip", peer_ip}});
    ::close(fd);
    return;
  }
  add_lane(std::nullopt).accept(fd, {.tls = accept_tls_});
}

channel::PeerPolicy Fabric::policy_of(NodeId peer) {
  const bool known = std::any_of(config_.peers.begin(), config_.peers.end(),
                                 [&](const auto& p) { return p.node == peer; });
  if (!known) return {};
  return {true, wire::TrafficClassSet::all()};
}

void Fabric::lane_established(Lane& lane) {
  set_sender(lane.link(), &lane);
  const NodeId peer = *lane.lifecycle().peer();
  if (const auto it = dialled_.find(peer); it != dialled_.end() && it->second.lane == &lane) {
    it->second.backoff.reset();
  }
  // The peer came back before we noticed that its old channel is dead.
  std::vector<Lane*> older;
  for (const auto& [other, owned] : lanes_) {
    if (other != &lane && other->lifecycle().peer() == peer && other->link())
      older.push_back(other);
  }
  for (Lane* other : older) other->stop();
}

void Fabric::lane_over(Lane& lane) {
  set_sender(lane.link(), nullptr);
  for (auto& [peer, d] : dialled_) {
    if (d.lane != &lane) continue;
    d.lane = nullptr;
    redial_later(d);
  }
  loop_.post([this, dead = &lane] {
    lanes_.erase(dead);
    if (shutting_down_ && lanes_.empty() && shut_down_done_) std::exchange(shut_down_done_, {})();
  });
}

// --- clients
// ---------------------------------------------------------------------------------------

void Fabric::accept_client(int fd, const std::string& peer_ip) {
  if (clients_.size() >= kMaxClients || shutting_down_) {
    log_.warn("client.limit_reached", {{"peer_ip", peer_ip}});
    ::close(fd);
    return;
  }
  ClientOwner& owner = *this;
  auto session = std::make_unique<ClientSession>(loop_, router_, owner, log_);
  ClientSession& ref = *session;
  clients_.emplace(&ref, std::move(session));
  ref.accept(fd, {.tls = client_tls_});
}

void Fabric::client_upgraded(ClientSession& session) { set_sender(session.link(), &session); }

void Fabric::client_over(ClientSession& session) {
  set_sender(session.link(), nullptr);
  loop_.post([this, dead = &session] { clients_.erase(dead); });
}

// --- the router's side
// -------------------------------------------------------------------------------

void Fabric::set_sender(std::optional<router::LinkId> link, LinkSender* sender) {
  if (!link) return;
  if (senders_.size() <= *link) senders_.resize(*link + 1);
  senders_[*link] = sender;
}

void Fabric::flush(router::LinkId link) {
  if (link < senders_.size() && senders_[link] != nullptr) return senders_[link]->flush();
  if (router_.is_loopback(link)) {
    loop_.post([this] { router_.deliver_loopback(io::mono_now(), io::wall_now()); });
  }
}

void Fabric::tick() {
  const MonoTime now = io::mono_now();
  router_.tick(now);
  targets_.expire(now);
  for (const auto& [session, owned] : clients_) session->expire(now);
  if (configured_) {
    open_listeners();
    std::vector<const Lane*> lanes;
    for (const auto& [lane, owned] : lanes_) lanes.push_back(lane);
    agent_.send(observe(router_, lanes, config_.version, now));
  }
  ticker_.after(kTick, [this] { tick(); });
}

void Fabric::shut_down(std::function<void()> done) {
  shutting_down_ = true;
  fabric_listener_.reset();
  client_listener_.reset();
  shut_down_done_ = std::move(done);
  shut_down_timer_.after(lanes_.empty() ? Duration::zero() : kShutDownGrace, [this] {
    if (shut_down_done_) std::exchange(shut_down_done_, {})();
  });
  std::vector<Lane*> live;
  for (const auto& [lane, owned] : lanes_) live.push_back(lane);
  for (Lane* lane : live) lane->stop();
}

}  // namespace rap::fabric
