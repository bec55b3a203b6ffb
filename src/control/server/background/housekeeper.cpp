#include "control/server/background/housekeeper.hpp"

#include "control/housekeeping/outage_entry.hpp"
#include "control/keys/host_database.hpp"
#include "control/pki/rotation/rotations.hpp"
#include "control/store/database.hpp"
#include "control/store/postgres/migrations.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

constexpr std::chrono::seconds kWatchInterval{1};
constexpr std::chrono::seconds kCertificateInterval{5};

}  // namespace

Housekeeper::Housekeeper(Options options, const control::HousekeepingPorts& house,
                         const control::RotationPorts& trust, Log& log)
    : options_(std::move(options)),
      house_(house),
      trust_(trust),
      log_(log),
      note_(options_.history_note) {}

Housekeeper::~Housekeeper() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  if (thread_.joinable()) thread_.join();
}

Result<bool> Housekeeper::migrate() {
  auto owner = store::Connection::open(options_.conninfo, std::string(store::kOwnerRole));
  if (!owner) {
    log_.warn("database.unavailable", {{"reason", owner.error().message}});
    return false;
  }
  const auto applied = store::migrate(*owner, store::embedded_migrations());
  if (!applied) {
    if (applied.error().kind == store::SqlError::Kind::unavailable) return false;
    return std::unexpected(applied.error().message);
  }
  if (*applied > 0) log_.info("database.migrated", {{"applied", *applied}});
  migrated_ = true;
  watch_history();  // before anything is counted or anybody is answered
  return true;
}

void Housekeeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Housekeeper::run() {
  MonoTime next_house{};
  MonoTime next_look{};
  MonoTime next_certificate = io::mono_now() + kCertificateInterval;
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, kWatchInterval, [this] { return stopping_; })) {
    lock.unlock();
    watch_database();
    log_.catch_up();
    if (migrated_) watch_history();
    if (migrated_ && io::mono_now() >= next_house) {
      next_house = io::mono_now() + control::kHousekeepingInterval;
      const auto ended = control::keep_house(house_, io::wall_now());
      control::keep_trust(trust_, io::wall_now());
      control::say_outage(house_, host_name(), io::wall_now());
      if (ended && *ended > 0) log_.info("sessions.ended", {{"count", *ended}});
    }
    if (migrated_ && io::mono_now() >= next_look) {
      next_look = io::mono_now() + control::kBackupLookInterval;
      last_backup_.look(house_.database);
    }
    if (io::mono_now() >= next_certificate) {
      next_certificate = io::mono_now() + kCertificateInterval;
      options_.check_certificate();
    }
    lock.lock();
  }
}

void Housekeeper::watch_history() {
  const auto kept = control::keep_history(house_, note_.config_version(), io::wall_now());
  if (!kept || kept->config_version == 0) return;  // the database is away, or holds no cluster yet
  if (kept->went_back) {
    log_.error("database.went_back",
               {{"config_version", kept->config_version},
                {"detail",
                 "The database was restored from a backup, or failed over. Nodes follow. "
                 "See what was lost: docs/operations/restore.md."}});
  }
  const auto written = note_.write(kept->config_version);
  if (!written && !note_trouble_said_) {
    log_.warn("history.not_noted", {{"reason", written.error()}});
  }
  note_trouble_said_ = !written;
}

void Housekeeper::watch_database() {
  const auto reached = house_.database.run(
      control::Scope::platform(), [](control::Transaction&) { return control::Ending::roll_back; });
  const bool away = !reached && reached.error() == control::DatabaseFault::unavailable;
  if (away && options_.postgres && !options_.postgres->running()) {
    log_.warn("postgres.restarting");
    if (auto ok = options_.postgres->start(); !ok) {
      log_.error("postgres.start_failed", {{"reason", ok.error()}});
    }
  }
  if (away || migrated_) return;
  if (const auto done = migrate(); !done) {
    log_.error("database.migration_failed", {{"reason", done.error()}});
  } else if (*done && options_.when_migrated) {
    options_.when_migrated();
  }
}

}  // namespace rap::control::server
