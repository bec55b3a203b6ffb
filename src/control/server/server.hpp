// The server of 'rap-control serve': every part of it, each with the ports it is handed, from the
// opened listeners to the end of the process.
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "control/entrance/api.hpp"
#include "control/keys/locked_ocsp_signers.hpp"
#include "control/keys/own_identity.hpp"
#include "control/keys/state_directory.hpp"
#include "control/keys/trust_files.hpp"
#include "control/link/listener/node_listener.hpp"
#include "control/server/background/audit_export.hpp"
#include "control/server/locked_device_proofs.hpp"
#include "control/server/locked_ocsp_answers.hpp"
#include "control/server/ocsp_server.hpp"
#include "control/server/rate_limits.hpp"
#include "control/server/serve_options.hpp"
#include "control/store/database.hpp"
#include "control/store/recent_admissions.hpp"
#include "control/store/recent_answers.hpp"
#include "control/store/recent_configs.hpp"
#include "control/store/recent_scrapers.hpp"
#include "control/store/shared_cluster_models.hpp"
#include "io/http/server/http_server.hpp"
#include "io/loop/event_loop.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {

// Everything the server is made of, in the order it is taken down (last first).
class Server {
 public:
  // `state`, `options` and `log` must outlive it.
  Server(const StateDirectory& state, control::Authority authority, const ServeOptions& options,
         std::string conninfo, Log& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until the process is told to end. The private PostgreSQL is kept running.
  Result<void> run(const ListenAddresses& addresses,
                   std::optional<store::PrivatePostgres> postgres);

 private:
  void forget_what_was_read();
  Result<void> open_listeners(const ListenAddresses& addresses);
  Result<void> announce(bool has_database) const;
  void say_ready() const;
  void renew_certificate(bool even_if_the_same);
  void look_for_root_keys();
  void authority_changed();

  // The ports that each part is handed of all this.
  std::chrono::seconds config_valid_for() const {
    return std::chrono::seconds{options_.config_valid_for_s};
  }
  control::IssuingPorts issuing_ports() {
    return {rng_, &ocsp_signers_, config_valid_for(), &own_identity_};
  }
  control::RotationPorts rotation_ports() { return {database_, authority_, trust_files_, log_}; }
  control::DevicePolicy device_policy() const {
    return value_in<control::DevicePolicy>(control::kDevicePolicyNames, options_.devices)
        .value_or(control::DevicePolicy::proven);
  }
  control::OcspPorts ocsp_ports() {
    return {authority_, ocsp_signers_, rng_, metrics_, log_, config_valid_for()};
  }
  control::RoomPorts room_ports();
  control::NodeListenerPorts node_listener_ports();

  const StateDirectory& state_;
  const ServeOptions& options_;
  const std::string conninfo_;
  LockedAuthority authority_;
  TrustFiles trust_files_;
  Log& log_;
  io::SystemRandom rng_;
  store::PostgresDatabase database_;
  ClockThrottle throttle_;
  BoundedHasher hasher_;
  LockedDeviceProofs device_proofs_;
  store::SharedClusterModels models_;
  store::RecentAdmissions admission_cache_;
  store::RecentScrapers scrapers_;
  store::RecentAnswers answers_;
  store::RecentConfigs given_;
  control::Metrics metrics_;
  LatestAuditHead audit_head_;
  LockedOcspSigners ocsp_signers_;
  LockedOcspAnswers kept_ocsp_;
  OwnIdentity own_identity_;
  control::Api api_;
  control::OcspAnswering ocsp_answering_;  // to nodes that reach no responder
  control::NodeListener node_listener_;
  io::EventLoop loop_;       // people's, and the process's
  io::EventLoop node_loop_;  // nodes', on a thread of its own: neither keeps the other waiting
  std::atomic<std::size_t> root_keys_ = 0;  // that lie in the state directory
  std::atomic<bool> listening_ = false;
  std::optional<io::HttpServer> api_server_;
  std::optional<io::HttpServer> node_server_;
  std::optional<OcspServer> ocsp_server_;
};

}  // namespace rap::control::server
