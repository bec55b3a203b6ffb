// The commands of rap-control that are run once on its host; 'serve' is the room around them.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace rap::control::server {

struct InitOptions {
  std::string state;
  std::vector<std::string> hosts;
  std::string owner_email;
  std::string owner_password;
  std::string database_url;  // empty: the private PostgreSQL
};
int run_init(const InitOptions& options);
// The first line, however it ends.
std::string read_password(std::istream& in);

struct PrepareOptions {
  std::string state;
  std::string root_key;      // of the root in force
  std::string out_root_key;  // where the new one's goes
};
int run_trust_prepare(const PrepareOptions& options);

struct RecoveryOptions {
  std::string state;
  std::string email;
  std::string database_url;  // empty: the private PostgreSQL
};
int run_reset_password(const RecoveryOptions& options);
int run_unlock(const RecoveryOptions& options);

struct AuditVerifyOptions {
  std::string state;
  std::vector<std::string> heads;  // files of exported heads
  std::string database_url;
};
int run_audit_verify(const AuditVerifyOptions& options);

struct NamesOptions {
  enum class Change : std::uint8_t { none, add, remove };
  std::string state;
  Change change = Change::none;
  std::vector<std::string> hosts;
  bool force = false;  // take out what the server that runs is reached by, too
};
int run_names(const NamesOptions& options);

// What seals or opens a backup; one of them.
struct BackupSecret {
  std::string passphrase_file = {};
  bool passphrase_stdin = false;
  std::string recipient = {};  // seals
  std::string key_file = {};   // opens
};
struct BackupOptions {
  std::string state = {};
  std::string file = {};  // "-": standard output
  std::string database_url = {};
  BackupSecret secret = {};
};
int run_backup(const BackupOptions& options);

struct RestoreOptions {
  std::string state = {};  // empty with `check`
  std::string file = {};
  std::string database_url = {};
  std::string root_sha256 = {};  // empty: any
  bool check = false;       // only look at the file
  BackupSecret secret = {};
};
int run_restore(const RestoreOptions& options);

int run_backup_key(const std::string& file);

}  // namespace rap::control::server
