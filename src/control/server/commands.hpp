// The commands of rap-control.
#pragma once

#include <cstdint>
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

struct ServeOptions {
  std::string state;
  std::string listen = "127.0.0.1:8443";
  std::string node_listen = "127.0.0.1:9091";
  std::string ocsp_listen = "127.0.0.1:9092";
  std::string public_url;
  std::string node_url;
  std::string ocsp_url;  // empty: the host of node_url and the port of ocsp_listen
  std::string database_url;
  std::string log_file;  // empty: standard error
  unsigned config_valid_for_s = 86'400;
  std::string audit_heads;  // empty: audit-heads.jsonl in the state directory
  std::string audit_syslog;  // empty: none
  unsigned audit_every_s = 60;
  unsigned keep_sessions_days = 30;  // after they ended
  unsigned max_sign_ins = 32;  // of one person at once
  std::string devices = "proven";  // control::kDevicePolicyNames
};
int run_serve(const ServeOptions& options);

}  // namespace rap::control::server
