// rap-control backup, restore, backup-key: on the control plane's host.
#include <algorithm>
#include <cctype>
#include <iostream>

#include "backup/backup_key.hpp"
#include "base/log/printable.hpp"
#include "base/time_text.hpp"
#include "base/try.hpp"
#include "control/backup/backing_up.hpp"
#include "control/backup/restoring.hpp"
#include "control/server/commands/commands.hpp"
#include "crypto/keys/password.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "policy/addresses/names.hpp"

namespace rap::control::server {
namespace {

constexpr std::size_t kMaxSecretFileBytes = 16UL * 1024;

// The passphrase without the end of the line, which an editor put there.
Result<backup::Passphrase> read_passphrase(const BackupSecret& secret) {
  std::string text;
  if (secret.passphrase_stdin) {
    std::getline(std::cin, text);
  } else {
    text = RAP_TRY(io::read_file(secret.passphrase_file, kMaxSecretFileBytes));
  }
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.size() > crypto::kMaxPasswordBytes) {
    return std::unexpected("the passphrase has more than " +
                           std::to_string(crypto::kMaxPasswordBytes) + " bytes");
  }
  return text;
}

Result<backup::Lock> lock_of(const BackupSecret& secret) {
  if (!secret.recipient.empty()) {
    const auto recipient = backup::parse_recipient(secret.recipient);
    if (recipient) return *recipient;
    return std::unexpected(
        "--recipient is none, or was mistyped; it is what 'rap-control backup-key' printed");
  }
  auto passphrase = RAP_TRY(read_passphrase(secret));
  if (const char* wrong = policy::check_password(passphrase)) {
    return std::unexpected(std::string("the passphrase ") + wrong);
  }
  return passphrase;
}

Result<backup::Unlock> unlock_of(const BackupSecret& secret) {
  if (secret.key_file.empty()) {
    auto passphrase = RAP_TRY(read_passphrase(secret));
    return passphrase;
  }
  const auto text = RAP_TRY(io::read_file(secret.key_file, kMaxSecretFileBytes));
  const auto pair = backup::parse_key_file(text);
  if (pair) return *pair;
  return std::unexpected(secret.key_file + " holds no key of 'rap-control backup-key'");
}

std::string of_size(std::uint64_t bytes) {
  constexpr std::uint64_t kKiB = 1024;
  return std::to_string((bytes + kKiB - 1) / kKiB) + " KiB";
}

Result<void> back_up(const BackupOptions& options) {
  auto seal = RAP_TRY(lock_of(options.secret));
  const BackupRequest request{options.file, std::move(seal)};
  const StateDirectory state{std::filesystem::absolute(options.state)};
  return on_host_database(
      options.state, options.database_url, [&](const HostDatabase& host) -> Result<void> {
        const auto made = RAP_TRY(make_backup(state, request, host));
        std::cerr << "The platform is backed up in " << options.file << ": " << of_size(made.bytes)
                  << ", " << made.files << " files of keys and trust, and the database up to entry "
                  << made.manifest.audit_seq << " of the audit log.\nIt opens with "
                  << (options.secret.recipient.empty() ? std::string("the passphrase")
                                                       : "the key of " + options.secret.recipient)
                  << " alone: keep that elsewhere.\n";
        for (const auto& path : made.root_keys) {
          std::cerr << "\nTHE ROOT'S KEY IS NOT IN IT, and lies on this host: " << path.string()
                    << "\nMove it to a medium that is in no computer, and delete it here.\n";
        }
        return {};
      });
}

// The digest comes last: nothing that the file says can stand over it.
void describe(const CheckedBackup& checked) {
  const backup::Manifest& m = checked.manifest;
  std::cerr << "  cluster           " << m.cluster.str() << "\n"
            << "  made              " << rfc3339(m.made_at) << " on " << m.host
            << " by rap-control " << m.version << "\n"
            << "  database          schema " << m.schema << ", up to entry " << m.audit_seq
            << " of the audit log\n"
            << "  files             " << checked.files << "\n"
            << "  root's SHA-256    " << m.root_sha256 << "\n";
}

// Reads the root's digest as people write it: with colons, in either case.
Result<std::string> root_of(const RestoreOptions& options) {
  constexpr std::size_t kDigits = 2 * sizeof(crypto::Sha256);
  std::string root = options.root_sha256;
  std::erase(root, ':');
  std::ranges::transform(root, root.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  if (!root.empty() && (root.size() != kDigits || !std::ranges::all_of(root, is_hex))) {
    return std::unexpected("--root-sha256 is no SHA-256, or was mistyped; it has 64 hex digits");
  }
  if (root.empty() && !options.check && !options.secret.key_file.empty()) {
    return std::unexpected(
        "--root-sha256 is needed with --key-file: whoever knows a recipient can seal anything to "
        "it. Give the SHA-256 of the platform's root certificate as 'rap-control init' printed it "
        "and as people and nodes pin it, not as the file has it ('restore --check' shows that)");
  }
  return root;
}

Result<void> restore(const RestoreOptions& options) {
  const auto root = RAP_TRY(root_of(options));
  auto unlock = RAP_TRY(unlock_of(options.secret));
  const auto file = RAP_TRY(BackupFile::open(options.file, std::move(unlock)));
  if (options.check) {
    const auto checked = RAP_TRY(check_backup(file, root));
    std::cerr << options.file << " is whole, and can be restored.\n";
    describe(checked);
    return {};
  }
  const auto restored = RAP_TRY(restore_backup({options.state, options.database_url, root}, file));
  std::cerr << "The platform is restored in " << options.state << ".\n";
  describe(restored);
  std::cerr << "\nWHAT WAS REVOKED SINCE THE BACKUP IS REVOKED NO MORE: start "
               "the server with\n'rap-control serve --state "
            << options.state
            << " …', and revoke it again first of all. Nodes follow by themselves.\n";
  return {};
}

Result<void> make_key(const std::string& file) {
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(file, error))) {
    return std::unexpected(file + " exists already; backups may be sealed to it. Name a new file");
  }
  io::SystemRandom rng;
  const auto pair = crypto::X25519KeyPair::generate(rng);
  RAP_TRY(io::write_file_atomic(file, backup::key_file_text(pair)));
  std::cout << backup::recipient_text(pair.public_key) << "\n";
  std::cerr << "The key is in " << file << ". KEEP IT OFF THE CONTROL PLANE'S HOST, in two places: "
            << "without it no backup\nopens that is sealed to the recipient above, which may be "
               "known to anybody.\n";
  return {};
}

int exit_status(const char* command, const Result<void>& done) {
  if (!done) std::cerr << "rap-control " << command << ": " << printable_line(done.error()) << "\n";
  return done ? 0 : 1;
}

}  // namespace

int run_backup(const BackupOptions& options) { return exit_status("backup", back_up(options)); }

int run_restore(const RestoreOptions& options) { return exit_status("restore", restore(options)); }

int run_backup_key(const std::string& file) { return exit_status("backup-key", make_key(file)); }

}  // namespace rap::control::server
