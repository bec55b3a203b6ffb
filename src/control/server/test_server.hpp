// For tests: what the parts of a running server are made of, over a database and a state directory
// of a test's own.
#pragma once

#include <gtest/gtest.h>

#include "control/keys/locked_ocsp_signers.hpp"
#include "control/keys/state_directory.hpp"
#include "control/keys/trust_files.hpp"
#include "control/people/accounts/bootstrap.hpp"
#include "control/server/background/housekeeper.hpp"
#include "control/server/locked_ocsp_answers.hpp"
#include "control/server/ocsp_server.hpp"
#include "control/server/rate_limits.hpp"
#include "control/store/recent_admissions.hpp"
#include "control/store/recent_answers.hpp"
#include "control/store/shared_cluster_models.hpp"
#include "control/store/test_cluster.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/system.hpp"
#include "io/system/test_directory.hpp"

namespace rap::control::server {

// A state directory with the keys of a new platform in it, valid by the clock.
struct LiveState {
  LiveState() {
    EXPECT_TRUE(state.create(rng));
    EXPECT_TRUE(state.create_pki({"127.0.0.1"}, io::wall_now(), rng));
  }
  io::TestDirectory folder;
  io::SystemRandom rng;
  StateDirectory state{folder / "state"};
};

struct ServerParts {
  static constexpr std::size_t kConnections = 2;  // to the database; each part may have its own

  explicit ServerParts(std::string database_url) : conninfo(std::move(database_url)) {}

  // The first transaction of a platform.
  void bootstrap() {
    User owner;
    owner.id = UserId::random(rng);
    owner.email = "owner@platform.test";
    owner.platform_role = policy::PlatformRole::platform_owner;
    owner.created_at = io::wall_now();
    EXPECT_TRUE(control::bootstrap(database, authority->cluster, owner, "hash"));
  }

  std::unique_ptr<OcspServer> ocsp_server(std::uint16_t port = 0) {
    return std::make_unique<OcspServer>(
        wire::HostPort{"127.0.0.1", port}, conninfo, kept_ocsp,
        OcspPorts{authority, ocsp_signers, rng, metrics, log,
                  std::chrono::seconds{snapshot::kDefaultValidForS}});
  }
  std::unique_ptr<Housekeeper> housekeeper(
      std::optional<store::PrivatePostgres> postgres = std::nullopt,
      std::function<void()> when_migrated = nullptr) {
    return std::make_unique<Housekeeper>(
        Housekeeper::Options{.conninfo = conninfo,
                             .postgres = std::move(postgres),
                             .check_certificate = [] {},
                             .history_note = live.state.home() / "history.json",
                             .when_migrated = std::move(when_migrated)},
        HousekeepingPorts{database, database.standing(), rng, authority->cluster},
        RotationPorts{database, authority, trust_files, log}, log);
  }

  LiveState live;
  io::SystemRandom rng;
  io::TestLog log;
  const std::string conninfo;
  LockedAuthority authority{live.state.load_authority().value()};
  TrustFiles trust_files{live.state, authority, [] {}};
  store::PostgresDatabase database{
      {.conninfo = conninfo, .user = std::string(store::kAppRole), .max_connections = kConnections},
      log};
  Metrics metrics;
  LockedOcspSigners ocsp_signers;
  LockedOcspAnswers kept_ocsp;
};

}  // namespace rap::control::server
