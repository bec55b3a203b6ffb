#include "control/server/server.hpp"

#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "base/try.hpp"
#include "control/pki/rotation/rotations.hpp"
#include "control/server/background/audit_export.hpp"
#include "control/server/background/config_push.hpp"
#include "control/server/background/hint_feed.hpp"
#include "control/server/background/housekeeper.hpp"
#include "control/server/server_metrics.hpp"
#include "io/system/file.hpp"
#include "wire/http/hints.hpp"

namespace rap::control::server {
namespace {

constexpr unsigned kApiThreads = 8;
// Right passwords that come at once hold an attempt each while they are weighed: as many as are
// handled at once never use an account's up.
static_assert(kApiThreads < kSignInsPerAccount.burst);
// Each node has a stream of events and a connection for calls, for deltas, and now and then one for
// its staples.
constexpr std::size_t kMaxNodes = 5000;
constexpr std::size_t kMaxNodeConnections = kMaxNodes * 4;
// A node has twice as many while it comes anew, before the old ones are found to be gone.
constexpr std::size_t kMaxConnectionsOfANode = 8;
// A call of every node may wait, and then some.
constexpr std::size_t kMaxNodeCallsQueued = kMaxNodes * 2;
constexpr mode_t kPublicFile = 0644;
// Unfinished calls and answers, of all nodes; a node has a quarter.
constexpr std::size_t kMaxNodeHeldBytes = 256UL << 20;
constexpr std::size_t kMaxNodeBodyBytes = 1UL << 20;  // a check-in lists channels and sessions

io::HttpExecutor node_executor(control::NodeExecutor executor) {
  using enum control::NodeExecutor;
  switch (executor) {
    case reports: return {.name = "node.reports", .threads = 4, .max_queued = kMaxNodeCallsQueued};
    case acks:
      // What waits is committed together: the disk is waited for once. Nobody waits for an
      // acknowledgement, and one by itself costs several times what it does among others.
      return {.name = "node.acks",
              .threads = 1,
              .max_queued = kMaxNodeCallsQueued,
              .max_together = 256,
              .gather = std::chrono::milliseconds{50}};
    case pulls: return {.name = "node.pulls", .threads = 2, .max_queued = kMaxNodeCallsQueued};
    case deltas: return {.name = "node.deltas", .threads = 2, .max_queued = kMaxNodeCallsQueued};
    case objects: return {.name = "node.objects", .threads = 1};
    case events: return {.name = "node.events", .threads = 1, .max_queued = kMaxNodeCallsQueued};
    case certificates: return {.name = "node.certificates", .threads = 1, .max_queued = kMaxNodes};
    case statuses: return {.name = "node.statuses", .threads = 1, .max_queued = kMaxNodes};
  }
  return {};
}

std::vector<io::HttpExecutor> node_executors() {
  std::vector<io::HttpExecutor> all;
  for (std::size_t e = 0; e < control::kNodeExecutorCount; ++e) {
    all.push_back(node_executor(static_cast<control::NodeExecutor>(e)));
  }
  return all;
}

// One connection a thread, a second for a node's call that needs a transaction beside the one it
// was admitted in, one for the housekeeper, one for what is pushed, and one to spare.
std::size_t database_connections() {
  std::size_t connections = kApiThreads + 3;
  for (const io::HttpExecutor& executor : node_executors()) connections += 2 * executor.threads;
  return connections;
}

std::shared_ptr<const crypto::TlsContext> server_context(const crypto::TlsIdentity& identity,
                                                         crypto::TlsPolicy policy) {
  return crypto::TlsContext::make(crypto::TlsRole::server, identity, std::move(policy),
                                  io::wall_now);
}

std::vector<std::string> hosts_reached_at(const ServeOptions& options) {
  std::vector<std::string> out;
  if (const auto url = wire::parse_url(options.public_url, "https", 443)) {
    out.push_back(url->authority.host);
  }
  if (const auto node = wire::parse_host_port(options.node_url)) out.push_back(node->host);
  if (const auto ocsp = wire::parse_url(options.ocsp_url, "http", 80)) {
    out.push_back(ocsp->authority.host);
  }
  return out;
}

crypto::TlsPolicy members_of(const control::Authority& authority) {
  return crypto::AcceptMember{authority.roots, authority.cluster, wire::SpiffeId::Kind::node, {}};
}

}  // namespace

Server::Server(const StateDirectory& state, control::Authority authority,
               const ServeOptions& options, std::string conninfo, Log& log)
    : state_(state),
      options_(options),
      conninfo_(std::move(conninfo)),
      authority_(std::move(authority)),
      trust_files_(state, authority_, [this] { authority_changed(); }),
      log_(log),
      database_({.conninfo = conninfo_,
                 .user = std::string(store::kAppRole),
                 .max_connections = database_connections()},
                log),
      throttle_(io::mono_now),
      hasher_(rng_),
      device_proofs_(rng_),
      models_(config_valid_for()),
      admission_cache_(database_, authority_->cluster, io::mono_now),
      scrapers_(io::mono_now),
      own_identity_(state, database_, authority_, {rng_, &ocsp_signers_, config_valid_for()},
                    hosts_reached_at(options), log),
      api_({database_, authority_, metrics_, log_, {device_proofs_, device_policy()}, scrapers_},
           room_ports()),
      ocsp_answering_(database_, kept_ocsp_, ocsp_ports()),
      node_listener_(node_listener_ports()) {}

Server::~Server() = default;

control::RoomPorts Server::room_ports() {
  using namespace control;
  return {
      database_,
      SignInPorts{database_,
                  rng_,
                  {throttle_, options_.max_sign_ins},
                  hasher_,
                  metrics_,
                  {device_proofs_, device_policy()}},
      PeoplePorts{database_, rng_, hasher_},
      AccessPorts{database_, rng_},
      JoinTokenPorts{database_, rng_, authority_, options_.public_url},
      EnrolmentPorts{database_, rng_, throttle_, authority_, issuing_ports(), options_.node_url},
      NodePorts{database_, rng_},
      StatusPorts{database_, authority_, log_},
      rotation_ports(),
      AttachmentPorts{database_, rng_, authority_, log_, throttle_, device_policy()},
      FallbackPorts{database_, metrics_, log_},
      ConfigStatusPorts{database_, models_, authority_},
      PlatformPorts{database_, authority_, metrics_,
                    api_description({options_.public_url, RAP_VERSION})}};
}

control::NodeListenerPorts Server::node_listener_ports() {
  return {database_,
          admission_cache_,
          answers_,
          metrics_,
          {rng_, authority_, models_, given_, issuing_ports(), log_,
           [this] { return audit_head_.get(); },
           [this](ByteView request, WallTime now) {
             return ocsp_answering_.answer(request, {now, io::mono_now()}).body;
           }}};
}

// Who is admitted, and what certificates are good, is read anew.
void Server::forget_what_was_read() {
  admission_cache_.forget();
  kept_ocsp_.forget();
}

Result<void> Server::open_listeners(const ListenAddresses& addresses) {
  try {
    ocsp_server_.emplace(addresses.ocsp, conninfo_, kept_ocsp_, ocsp_ports());
    ocsp_signers_.set_url(ocsp_url_of(options_, ocsp_server_->port()));
    const auto shown = RAP_TRY(own_identity_.refresh(io::wall_now()));
    const crypto::TlsIdentity& identity = shown.identity;
    api_server_.emplace(
        loop_,
        io::HttpServerOptions{.host = addresses.api.host,
                              .port = addresses.api.port,
                              .tls = server_context(identity, crypto::AcceptAnyone{}),
                              .executors = {{.name = "api", .threads = kApiThreads}}},
        [this](const wire::HttpRequest& r) {
          wire::HttpResponse answer = api_.handle(r, io::wall_now());
          // Its announcement may come after the answer.
          if (r.method != "GET" && answer.status < 400) forget_what_was_read();
          return answer;
        },
        log_);
    node_server_.emplace(
        node_loop_,
        io::HttpServerOptions{.host = addresses.node.host,
                              .port = addresses.node.port,
                              .tls = server_context(identity, members_of(*authority_.get())),
                              .max_connections = kMaxNodeConnections,
                              .max_connections_per_peer = kMaxConnectionsOfANode,
                              .max_held_bytes = kMaxNodeHeldBytes,
                              .max_body_bytes = kMaxNodeBodyBytes,
                              .ping_interval = wire::kHintPing,
                              .executors = node_executors(),
                              .executor_of =
                                  [this](const wire::HttpRequest& r) {
                                    return static_cast<std::size_t>(node_listener_.executor_of(r));
                                  },
                              .together =
                                  [this](std::span<const wire::HttpRequest> r) {
                                    return node_listener_.handle_together(r, io::wall_now());
                                  }},
        [this](const wire::HttpRequest& r) { return node_listener_.handle(r, io::wall_now()); },
        log_);
  } catch (const std::system_error& e) {
    // A service is started again until the address is there.
    return std::unexpected(std::string("cannot listen: ") + e.what() +
                           ". If the host gets that address later, start rap-control then; its "
                           "unit does so every 2 s. Else free the port ('ss -ltnp' names who has "
                           "it), or give another --listen, --node-listen or --ocsp-listen.");
  }
  return {};
}

Result<void> Server::announce(bool has_database) const {
  const nlohmann::json ports = {
      {"api", api_server_->port()}, {"node", node_server_->port()}, {"ocsp", ocsp_server_->port()}};
  if (auto ok = io::write_file_atomic(state_.ports_file(), ports.dump() + "\n", kPublicFile); !ok) {
    return ok;
  }
  if (has_database) {
    say_ready();
  } else {
    log_.warn("control.waiting",
              {{"detail",
                "It listens, and refuses with 503 whatever needs its database, which does not "
                "answer (database.unavailable). control.ready follows once it does."}});
  }
  return {};
}

void Server::say_ready() const {
  log_.info("control.ready", {{"api_port", api_server_->port()},
                              {"node_port", node_server_->port()},
                              {"ocsp_port", ocsp_server_->port()}});
}

// Existing connections keep what they have; new ones get the new certificate.
void Server::renew_certificate(bool even_if_the_same) {
  const auto authority = authority_.get();
  const auto shown = own_identity_.refresh(io::wall_now());
  if (!shown) {
    log_.error("certificate.renewal_failed", {{"reason", shown.error()}});
    return;
  }
  if (!shown->changed && !even_if_the_same) return;
  loop_.post([this, identity = shown->identity] {
    if (api_server_) api_server_->set_tls(server_context(identity, crypto::AcceptAnyone{}));
  });
  node_loop_.post([this, authority, identity = shown->identity] {
    if (node_server_) node_server_->set_tls(server_context(identity, members_of(*authority)));
  });
}

// They are of use to nobody who serves, and a thief of the directory could forge everything with
// one.
void Server::look_for_root_keys() {
  const auto found = state_.root_keys();
  if (root_keys_.exchange(found.size()) >= found.size()) return;
  for (const auto& path : found) {
    log_.warn("root_key.online",
              {{"path", path.string()},
               {"detail",
                "The root's key lies on this host. Move it to a medium that is in no "
                "computer, and delete it here."}});
  }
}

// New connections get the other roots, and maybe a certificate of another issuer.
void Server::authority_changed() {
  if (!listening_) return;  // they will be opened with it
  log_.info("trust.followed", {{"ca_ref", authority_->ca_ref()},
                               {"roots", authority_->roots.size()},
                               {"bundle", authority_->bundle_version}});
  renew_certificate(true);
}

Result<void> Server::run(const ListenAddresses& addresses,
                         std::optional<store::PrivatePostgres> postgres) {
  Housekeeper housekeeper({.conninfo = conninfo_,
                           .postgres = std::move(postgres),
                           .check_certificate =
                               [this] {
                                 renew_certificate(false);
                                 look_for_root_keys();
                               },
                           .history_note = state_.home() / "history.json",
                           .when_migrated = [this] { say_ready(); }},
                          {database_, database_.standing(), rng_, authority_->cluster,
                           std::chrono::days{options_.keep_sessions_days}},
                          rotation_ports(), log_);
  const bool migrated = RAP_TRY(housekeeper.migrate());
  if (migrated) control::keep_trust(rotation_ports(), io::wall_now());
  if (auto ok = open_listeners(addresses); !ok) return ok;
  io::raise_descriptor_limit();
  metrics_.add_source([this, &housekeeper](MetricsText& text) {
    write_executor_metrics(text, {*api_server_, *node_server_, ocsp_server_->http()});
    write_database_metrics(text, database_.changes_refused(), database_.standing().figures());
    write_root_key_metric(text, root_keys_.load());
    write_last_backup_metric(text, housekeeper.last_backup().at());
    write_kept_ocsp_metrics(text, kept_ocsp_.figures());
  });
  look_for_root_keys();
  listening_ = true;
  loop_.on_signal([this] { loop_.stop(); });
  housekeeper.start();
  ConfigPush pushed(
      {database_, authority_, admission_cache_, models_, given_, node_server_->events()});
  const HintFeed hints(conninfo_, authority_->cluster, node_server_->events(),
                       {.on_change = [this] { forget_what_was_read(); },
                        .on_config = [&pushed] { pushed.wake(); },
                        .on_unlock =
                            [this] {
                              throttle_.forget_sign_ins();
                              log_.info("sign_in.limits_forgotten");
                            }},
                       log_);
  const AuditExport audit_export(
      {.conninfo = conninfo_,
       .file = options_.audit_heads.empty() ? state_.audit_heads_file()
                                            : std::filesystem::path(options_.audit_heads),
       .syslog = options_.audit_syslog,
       .every = std::chrono::seconds{options_.audit_every_s}},
      authority_, audit_head_, log_);
  if (auto ok = announce(migrated); !ok) return ok;
  std::thread nodes([this] { node_loop_.run(); });
  loop_.run();
  log_.info("control.stopping");
  node_loop_.stop();
  nodes.join();
  api_server_.reset();  // whose threads ask the others for their figures
  ocsp_server_.reset();
  node_server_.reset();
  return {};
}

}  // namespace rap::control::server
