// What the server does by itself, on a thread of its own: keeps the private PostgreSQL running,
// applies migrations once the database can be reached, keeps house, renews the server certificate,
// knows when the last backup was made.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "control/housekeeping/housekeeping.hpp"
#include "control/housekeeping/last_backup.hpp"
#include "control/keys/state_directory.hpp"
#include "control/pki/rotation/ports.hpp"
#include "control/server/background/history_note.hpp"

namespace rap::control::server {

class Housekeeper {
 public:
  struct Options {
    std::string conninfo;
    std::optional<store::PrivatePostgres> postgres;  // to be kept running
    std::function<void()> check_certificate;
    std::filesystem::path history_note;
    // Called once, when the database came only after start() and its schema is up to date.
    std::function<void()> when_migrated = nullptr;
  };
  // `log` and all that the ports refer to must outlive it.
  Housekeeper(Options options, const control::HousekeepingPorts& house,
              const control::RotationPorts& trust, Log& log);
  ~Housekeeper();  // waits for what is under way

  // Brings the schema up to date. False: the database is away, and it will be tried again.
  Result<bool> migrate();
  void start();
  const control::LastBackup& last_backup() const { return last_backup_; }

 private:
  void run();
  void watch_database();
  void watch_history();

  Options options_;
  control::HousekeepingPorts house_;
  control::RotationPorts trust_;
  Log& log_;
  HistoryNote note_;
  control::LastBackup last_backup_;
  bool note_trouble_said_ = false;
  bool migrated_ = false;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rap::control::server
