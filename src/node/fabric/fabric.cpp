#include "node/fabric/fabric.hpp"

#include <sys/socket.h>

#include <algorithm>

#include "node/fabric/channels/channel_context.hpp"
#include "node/fabric/channels/channel_events.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "snapshot/configuration/denied.hpp"
#include "wire/url.hpp"

namespace rap::fabric {

using namespace std::chrono_literals;
using policy::NodeRole;

namespace {

constexpr Duration kTick = 1s;
constexpr Duration kPressedIdle = 5s;  // of strangers, while the places of clients are short
// The bytes of strangers' upgrades and messages that are not whole, all of them together.
constexpr std::size_t kMaxHeldBytes = std::size_t{32} * 1024 * 1024;
constexpr Duration kShutDownGrace = 1s;

std::vector<crypto::Certificate> roots_of(const snapshot::NodeConfig& config) {
  return crypto::Certificate::chain_from_pem(config.trust_bundle_pem)
      .value_or(std::vector<crypto::Certificate>{});
}

wire::ListenerFault fault_of(const std::error_code& why) {
  if (why == std::errc::address_not_available) return wire::ListenerFault::address_missing;
  if (why == std::errc::address_in_use) return wire::ListenerFault::port_taken;
  if (why == std::errc::permission_denied) return wire::ListenerFault::not_permitted;
  return wire::ListenerFault::failed;
}

std::string agent_socket(const Settings& settings) {
  const auto& given = settings.agent_socket;
  return (given.empty() ? settings.state / "agent.sock" : given).string();
}

std::vector<Address> own_listeners(const Settings& settings) {
  std::vector<Address> own = {settings.data_plane, settings.fabric};
  if (settings.metrics) own.push_back(*settings.metrics);
  return own;
}

}  // namespace

Fabric::Fabric(io::EventLoop& loop, Settings settings, ClusterLog& cluster_log, Log& log,
               std::function<void()> on_end)
    : loop_(loop),
      settings_(std::move(settings)),
      cluster_log_(cluster_log),
      log_(log),
      waker_(loop),
      route_timer_(loop),
      targets_(loop, own_listeners(settings_), log),
      tcp_(loop,
           [this](const auto& request, const auto& address) { return may_open(request, address); }),
      router_(*this, {{policy::AdapterKind::tcp, &tcp_}}, random_,
              io::wall_now() + crypto::kTokenClockSkew),
      slots_(policy::shared_fairly(limits_.max_clients)),
      held_(policy::shared_fairly(kMaxHeldBytes)),
      channels_(
          loop, router_, random_,
          [this](router::LinkId link, LinkSender* sender) { set_sender(link, sender); }, log),
      peer_memory_(settings_.state, log),
      ticker_(loop),
      shut_down_timer_(loop),
      agent_(
          loop, agent_socket(settings_),
          {.on_config = [this](const auto& config,
                               const auto& documents) { configure(config, documents); },
           .on_terminate_session =
               [this](SessionId session) { router_.end_session(session, io::wall_now()); },
           .on_control = [this](bool reachable) { control_changed(reachable); },
           .on_identity = [this](const auto& said) { identify(said); },
           .on_end = std::move(on_end),
           .on_security_state =
               [this](const auto& part, bool first, bool last) {
                 router_.replace_security(part, first, last, io::wall_now());
                 if (last) security_changed();
               },
           .on_security_changes =
               [this](const auto& changes) {
                 router_.change_security(changes, io::wall_now());
                 security_changed();
               },
           .on_security_incomplete =
               [this] {
                 router_.security_incomplete();
                 log_.error("security.incomplete",
                            {{"detail", "No new flows are let in; those there are go on."}});
               },
           .on_security_events_taken = [this](const auto& taken) { router_.ledger().taken(taken); },
           .on_agent_listeners =
               [this](const auto& listeners) {
                 targets_.set_agent(listeners);
                 tcp_.judge_again();
               },
           .on_clock = [this](std::chrono::seconds ahead) { clock_measured(ahead); }},
          log, settings_.agent_user) {
  tick();
}

Fabric::~Fabric() = default;

// --- configuration
// ---------------------------------------------------------------------------------

void Fabric::configure(const snapshot::NodeConfig& config,
                       const std::vector<snapshot::Document>& documents) {
  if (configured_ && (config.cluster != config_.cluster || config.node != config_.node)) {
    return log_.error("config.refused", {{"detail", "it names another node or cluster"}});
  }
  if (!renew_trust(config)) return;
  if (!configured_) peer_memory_.load(config.cluster, config.node, channels_);
  config_ = config;
  configured_ = true;
  router_.configure(config);
  router_.set_policies(snapshot::policies_of(documents));
  targets_.configure(
      snapshot::target_ranges_from(values_of(documents, snapshot::kEgressTargetRanges)),
      config.node_name);
  tcp_.judge_again();
  apply_settings(
      snapshot::runtime_settings_from(values_of(documents, snapshot::kServerRuntimeSettings)));
  channel_policy_ = snapshot::channel_policy_from(values_of(documents, snapshot::kChannelPolicy));
  open_listeners();
  update_context();
  log_.info("config.applied", {{"version", config.version}, {"peers", config.peers.size()}});
}

// The credentials of what comes from now on; who is in stays in. The listeners that are opened
// later take them over.
void Fabric::apply_settings(const snapshot::RuntimeSettings& settings) {
  if (settings != limits_) log_.info("settings.applied", {{"max_clients", settings.max_clients}});
  limits_ = settings;
  router_.set_flows_per_client(settings.flows_per_client);
  slots_.set_limits(policy::shared_fairly(settings.max_clients));
  for (const auto* listener : {&client_listener_, &fabric_listener_}) {
    if (!*listener) continue;
    (*listener)->set_limits(settings.handshake, settings.pending_handshakes,
                            settings.pending_per_address);
  }
}

bool Fabric::renew_trust(const snapshot::NodeConfig& config) {
  if (!identity_) {
    log_.error("config.refused", {{"detail", "the agent has not said who this node is"}});
    return false;
  }
  const Identity* const identity = &*identity_;
  const auto deny = deny_list_of(config);
  if (!deny) {
    log_.error("config.refused", {{"detail", "its revocations cannot be read"}});
    return false;
  }
  const auto roots = roots_of(config);
  // What the control plane last said of a peer is believed for as long as what it said of all of
  // them: without it, nothing is lost before the configuration itself expires.
  const crypto::AcceptMember member{.roots = roots,
                                    .cluster = config.cluster,
                                    .kind = wire::SpiffeId::Kind::node,
                                    .host = {},
                                    .deny = deny,
                                    .staple_max_age = std::chrono::seconds{config.valid_for_s}};
  using crypto::TlsContext;
  using crypto::TlsRole;
  client_tls_ = identity->worker ? TlsContext::make(TlsRole::server, identity->worker,
                                                    crypto::AcceptAnyone{}, io::wall_now)
                                 : nullptr;
  accept_tls_ = TlsContext::make(TlsRole::server, identity->tls, member, io::wall_now);
  channels_.set_trust(TlsContext::make(TlsRole::client, identity->tls, member, io::wall_now),
                      {roots, deny}, identity->tls);
  if (client_listener_ && client_tls_) client_listener_->set_tls(client_tls_);
  if (fabric_listener_) fabric_listener_->set_tls(accept_tls_);
  router_.set_seal_key(identity->seal);
  router_.set_node_key(identity->tls.key);
  return true;
}

void Fabric::identify(const wire::Identify& said) {
  auto identity = read_identity(said, io::wall_now());
  if (!identity) return log_.error("identity.unusable", {{"detail", identity.error()}});
  const bool renewed = identity_ && identity_->tls.chain.front().fingerprint() !=
                                        identity->tls.chain.front().fingerprint();
  identity_ = std::move(*identity);
  if (identity_->cluster) cluster_log_.is_of(*identity_->cluster);
  targets_.set_control(said.control);
  if (!configured_ || !renew_trust(config_)) return;
  open_listeners();
  if (!renewed) return;
  channels_.prove_again();
  log_.info("identity.renewed");
}

void Fabric::security_changed() {
  const router::SecurityTable& security = router_.security();
  log_.info("security.applied",
            {{"epochs", security.epochs()}, {"blocklisted", security.blocklisted()}});
}

void Fabric::control_changed(bool reachable) {
  if (reachable == !control_away_since_) return;
  control_away_since_ = reachable ? std::nullopt : std::optional(io::wall_now());
  log_.info("control.reachable", {{"reachable", reachable}});
  if (configured_) update_context();
}

// The clock may have been set since the start, which is told by the one that never steps. What is
// measured in whole seconds is one off at the most: who comes as soon as the node is there is let
// in.
void Fabric::clock_measured(std::chrono::seconds ahead) {
  using std::chrono::seconds;
  const auto since = std::chrono::floor<seconds>(io::mono_now() - started_);
  router_.started_at(io::wall_now() - ahead - since - seconds{1});
}

// A listener exists only while a role or a neighbour needs it.
void Fabric::open_listeners() {
  if (shutting_down_) return;
  const auto keep = [&](bool wanted, std::unique_ptr<io::TlsListener>& listener, const Address& at,
                        const char* name, std::shared_ptr<const crypto::TlsContext> tls,
                        io::TlsListener::OnPeer fn) {
    if (!wanted || listener) failed_listeners_.erase(name);
    if (!wanted) return listener.reset();
    if (listener) return;
    const auto failed = [this, name](const io::StreamError& error, const std::string& peer_ip) {
      const auto reason = channel::to_string(reason_of(error));
      // Clients show no certificate.
      if (error.fault) note(security_event_of(reason_of(error), peer_ip));
      log_.info(
          LogCause::stranger(policy::source_network(peer_ip), name, reason), "handshake.failed",
          {{"listener", name}, {"peer_ip", peer_ip}, {"reason", reason}, {"detail", error.detail}});
    };
    io::TlsListenerOptions options;
    options.tls = std::move(tls);
    options.handshake_timeout = limits_.handshake;
    options.max_handshakes = limits_.pending_handshakes;
    options.max_handshakes_per_source = limits_.pending_per_address;
    try {
      listener = std::make_unique<io::TlsListener>(loop_, at.host, at.port, std::move(options),
                                                   std::move(fn), failed);
      failed_listeners_.erase(name);
      log_.info("listener.open", {{"listener", name}, {"port", listener->port()}});
    } catch (const std::system_error& e) {
      listener_failed(name, at, e);
    }
  };
  const bool dialled_by_others = std::any_of(config_.peers.begin(), config_.peers.end(),
                                             [](const auto& p) { return !p.dial; });
  keep(dialled_by_others, fabric_listener_, settings_.fabric, "fabric", accept_tls_,
       [this](auto stream) { channels_.accept(std::move(stream)); });
  const bool entry = config_.has_role(NodeRole::entry);
  const bool without_worker = entry && client_tls_ == nullptr;
  if (without_worker && !said_no_worker_) {
    log_.warn("entry.not_ready", {{"detail", "no worker certificate to meet clients with yet"}});
  }
  said_no_worker_ = without_worker;
  keep(entry && !without_worker, client_listener_, settings_.data_plane, "data_plane", client_tls_,
       [this](auto stream) { accept_client(std::move(stream)); });
}

void Fabric::note(std::optional<wire::SecurityEvent> event) {
  if (event) router_.ledger().note(std::move(*event));
}

bool Fabric::may_open(const adapters::ResourceRequest& request, const policy::IpAddress& address) {
  if (targets_.may_open(request, address)) return true;
  router_.ledger().note({.kind = wire::SecurityEventKind::target_denied,
                         .reason = std::string(to_string(wire::FlowReason::target_denied)),
                         .organization = request.organization,
                         .resource = request.resource,
                         .address = address.str()});
  return false;
}

// The next configuration, or the ticker, tries again; what is wrong is said once.
void Fabric::listener_failed(std::string_view name, const Address& at,
                             const std::system_error& why) {
  const auto fault = to_string(fault_of(why.code()));
  const wire::ObservedListener failed{std::string(name), wire::HostPort{at.host, at.port}.str(),
                                      std::string(fault)};
  const auto before = failed_listeners_.find(name);
  if (before != failed_listeners_.end() && before->second == failed) return;
  failed_listeners_.insert_or_assign(std::string(name), failed);
  log_.error("listener.failed", {{"listener", name}, {"reason", fault}, {"detail", why.what()}});
}

void Fabric::update_context() {
  authority_ = authority_of(config_, control_away_since_, io::wall_now());
  channels_.set_context(
      context_of(config_, channel_policy_, authority_, io::mono_now(), io::wall_now()));
}

// --- clients
// ---------------------------------------------------------------------------------------

void Fabric::accept_client(std::unique_ptr<io::Stream> stream) {
  if (shutting_down_) return;
  const std::string peer_ip = stream->peer_ip();
  ClientOwner& owner = *this;
  auto session = std::make_unique<ClientSession>(loop_, router_, owner, log_);
  ClientSession& ref = *session;
  const policy::SlotTable::Id slot = next_client_++;
  const std::string source = policy::source_network(peer_ip);
  clients_.emplace(&ref, Client{slot, source, std::move(session)});
  client_slots_.emplace(slot, &ref);
  ref.accept(std::move(stream));
  const auto gone = slots_.enter(slot, source, io::mono_now());
  if (!gone.empty()) {
    log_.warn(LogCause::stranger(source), "client.limit_reached",
              {{"peer_ip", peer_ip}, {"of_its_share", gone.front().of_its_share}});
  }
  make_way(gone);
}

void Fabric::make_way(const policy::SlotTable::MadeWayList& gone) {
  for (const auto& one : gone) {
    const auto found = client_slots_.find(one.id);
    // A session may be in the middle of something.
    if (found != client_slots_.end()) {
      loop_.post([this, slot = one.id] {
        const auto session = client_slots_.find(slot);
        if (session != client_slots_.end()) session->second->cut();
      });
    }
  }
}

// Strangers do not stay while others find no place.
void Fabric::cut_idle_strangers(MonoTime now) {
  if (!slots_.is_pressed()) return;
  policy::SlotTable::MadeWayList idle;
  for (const auto slot : slots_.silent_since(now - kPressedIdle)) idle.push_back({slot, false});
  make_way(idle);
}

void Fabric::client_upgraded(ClientSession& session) {
  slots_.heard(clients_.at(&session).slot, io::mono_now());
  set_sender(*session.link(), &session);
}

void Fabric::client_proven(ClientSession& session, UserId user) {
  slots_.prove(clients_.at(&session).slot, user.str());
}

void Fabric::client_holds(ClientSession& session, std::size_t bytes) {
  const Client& client = clients_.at(&session);
  if (bytes == 0) return held_.leave(client.slot);
  make_way(held_.contains(client.slot)
               ? held_.resize(client.slot, bytes)
               : held_.enter(client.slot, client.source, io::mono_now(), bytes));
}

void Fabric::client_over(ClientSession& session) {
  if (session.link()) set_sender(*session.link(), nullptr);
  const policy::SlotTable::Id slot = clients_.at(&session).slot;
  slots_.leave(slot);
  held_.leave(slot);
  client_slots_.erase(slot);
  loop_.post([this, dead = &session] { clients_.erase(dead); });
}

// --- the router's side
// -------------------------------------------------------------------------------

void Fabric::set_sender(router::LinkId link, LinkSender* sender) {
  if (senders_.size() <= link) senders_.resize(link + 1);
  senders_[link] = sender;
}

void Fabric::flush(router::LinkId link) {
  if (link < senders_.size() && senders_[link] != nullptr) return senders_[link]->flush();
  if (router_.is_loopback(link)) {
    loop_.post([this] { router_.deliver_loopback(io::mono_now(), io::wall_now()); });
  }
}

void Fabric::read_on(router::LinkId client) {
  if (client < senders_.size() && senders_[client] != nullptr) senders_[client]->read_on();
}

void Fabric::left(router::LinkId link) {
  loop_.post([this, link] { router_.room(link, io::mono_now(), io::wall_now()); });
}

void Fabric::wake_at(MonoTime when) {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - io::mono_now());
  waker_.after(std::max(wait, 0ms), [this] { router_.wake(io::mono_now(), io::wall_now()); });
}

void Fabric::routes_at(MonoTime when) {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - io::mono_now());
  route_timer_.after(std::max(wait, 0ms), [this] { router_.routes_due(io::mono_now()); });
}

void Fabric::tick() {
  service_manager_.alive();
  const MonoTime now = io::mono_now();
  router_.tick(now, io::wall_now());
  tcp_.expire(now);
  log_.catch_up();
  for (const auto& [session, owned] : clients_) session->expire(now, limits_.client_idle);
  cut_idle_strangers(now);
  channels_.tick();
  publish_metrics(now);
  if (configured_) {
    peer_memory_.keep(channels_, now);
    open_listeners();
    if (authority_of(config_, control_away_since_, io::wall_now()) != authority_) update_context();
    const std::string_view entry = !config_.has_role(NodeRole::entry) ? "no"
                                   : client_tls_ == nullptr           ? "no_worker_certificate"
                                   : client_listener_                 ? "open"
                                                                      : "listener_failed";
    agent_.send(observe(router_, channels_, config_.version, entry, failed_listeners_, now));
    if (const auto& told = router_.ledger().told(); !told.events.empty()) agent_.send(told);
  }
  ticker_.after(kTick, [this] { tick(); });
}

void Fabric::publish_metrics(MonoTime now) {
  if (!settings_.metrics) return;
  if (!metrics_) {
    try {
      metrics_ = std::make_unique<io::MetricsEndpoint>(loop_, settings_.metrics->host,
                                                       settings_.metrics->port, log_);
      failed_listeners_.erase("metrics");
    } catch (const std::system_error& e) {
      return listener_failed("metrics", *settings_.metrics, e);
    }
  }
  metrics_->publish(metrics_text(channels_.table(), router_, fabric_listener_.get(),
                                 client_listener_.get(), {slots_.counters(), held_.counters()},
                                 client_faults_, now));
}

void Fabric::shut_down(std::function<void()> done) {
  shutting_down_ = true;
  if (configured_) peer_memory_.keep(channels_, io::mono_now(), true);
  fabric_listener_.reset();
  client_listener_.reset();
  shut_down_done_ = std::move(done);
  const auto finish = [this] {
    if (shut_down_done_) std::exchange(shut_down_done_, {})();
  };
  channels_.stop(finish);
  // A goodbye that nobody hears is not waited for.
  shut_down_timer_.after(kShutDownGrace, finish);
}

}  // namespace rap::fabric
