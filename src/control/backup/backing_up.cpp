#include "control/backup/backing_up.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "backup/archive.hpp"
#include "backup/backup_key.hpp"
#include "base/try.hpp"
#include "control/backup/kept_files.hpp"
#include "control/backup/owner_connection.hpp"
#include "control/backup/postgres_programs.hpp"
#include "control/backup/reading.hpp"
#include "control/backup/sealed_writer.hpp"
#include "control/store/database.hpp"
#include "io/system/system.hpp"

#include <nlohmann/json.hpp>

namespace rap::control::server {
namespace {

constexpr std::chrono::minutes kPatience{1};
constexpr std::uint64_t kMaxLineBytes = std::uint64_t{64} * 1024;  // of an exported head
constexpr std::size_t kDumpedAtOnce = std::size_t{64} * 1024;

Result<store::Connection> open_patiently(const std::string& conninfo) {
  auto connection = RAP_TRY(open_as_owner(conninfo));
  connection.set_patience(kPatience);
  const auto ok = connection.script(
      "SET statement_timeout = '50s'; SET lock_timeout = '30s'; "
      "SET idle_in_transaction_session_timeout = 0; "
      "SELECT set_config('rap.scope', 'platform', false)");
  if (!ok) return std::unexpected(ok.error().message);
  return connection;
}

Result<void> run(store::Connection& connection, const char* script) {
  if (const auto ok = connection.script(script); !ok) return std::unexpected(ok.error().message);
  return {};
}

// The database at one moment, for as long as this lives.
struct Snapshot {
  store::Connection holder;
  std::string name;
};

Result<Snapshot> take_snapshot(store::Connection holder, backup::Manifest& manifest) {
  RAP_TRY(run(holder, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
  const auto rows = holder.query(
      "SELECT pg_export_snapshot(), (SELECT max(version)::bigint FROM schema_migrations), "
      "seq, hash FROM audit_head",
      {});
  if (!rows) return std::unexpected(rows.error().message);
  if (rows->empty()) return std::unexpected("the database holds no platform");
  manifest.schema = static_cast<int>((*rows)[0].integer(1));
  manifest.audit_seq = (*rows)[0].count(2);
  manifest.audit_hash = (*rows)[0].bytes32(3);
  return Snapshot{std::move(holder), (*rows)[0].text(0)};
}

// The exported heads, as far as whole lines of them were there before the snapshot: each is of an
// entry that the snapshot has.
class Heads {
 public:
  static Result<Heads> open(const std::filesystem::path& path) {
    Heads out(path);
    if (!out.file_) {
      if (errno == ENOENT) return out;
      return out.failed();
    }
    struct stat info{};
    if (::fstat(out.file_.get(), &info) != 0) return out.failed();
    if (!S_ISREG(info.st_mode)) return std::unexpected(path.string() + " is no plain file");
    out.size_ = static_cast<std::uint64_t>(info.st_size);
    if (out.size_ > kMaxHeadsBytes) {
      return std::unexpected(path.string() + " is too large for a backup; move it away");
    }
    const std::uint64_t all = out.size_;
    for (char last = 0; out.size_ > 0; --out.size_) {
      if (all - out.size_ > kMaxLineBytes) {
        return std::unexpected(path.string() + " does not end in lines; move it away");
      }
      if (::pread(out.file_.get(), &last, 1, static_cast<off_t>(out.size_ - 1)) != 1) {
        return out.failed();
      }
      if (last == '\n') break;
    }
    return out;
  }
  std::uint64_t size() const { return size_; }
  Result<void> write_to(SealedWriter& writer) const {
    Bytes piece(kDumpedAtOnce);
    for (std::uint64_t at = 0; at < size_;) {
      const std::size_t wanted = std::min<std::uint64_t>(piece.size(), size_ - at);
      const ssize_t n = ::pread(file_.get(), piece.data(), wanted, static_cast<off_t>(at));
      if (n < 0) return failed();
      if (n == 0) return std::unexpected(path_.string() + " was cut while it was read; try again");
      RAP_TRY(writer.write(ByteView(piece).first(static_cast<std::size_t>(n))));
      at += static_cast<std::uint64_t>(n);
    }
    return {};
  }

 private:
  explicit Heads(std::filesystem::path path)
      : path_(std::move(path)), file_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {}
  std::unexpected<std::string> failed() const {
    return std::unexpected(path_.string() + ": " + std::strerror(errno));
  }

  std::filesystem::path path_;
  io::Descriptor file_;
  std::uint64_t size_ = 0;
};

void describe(const std::vector<KeptFile>& files, const Heads& heads, backup::Manifest& manifest) {
  manifest.files = files.size() + (heads.size() > 0 ? 1 : 0);
  manifest.file_bytes = heads.size();
  for (const KeptFile& file : files) manifest.file_bytes += file.content.size();
}

Result<void> write_files(SealedWriter& writer, const std::vector<KeptFile>& files,
                         const Heads& heads, const std::filesystem::path& heads_file) {
  for (const KeptFile& file : files) {
    Bytes head;
    backup::write_file_head({file.path, file.mode, file.content.size()}, head);
    RAP_TRY(writer.write(head));
    RAP_TRY(writer.write(as_bytes(file.content)));
  }
  if (heads.size() == 0) return {};
  Bytes head;
  backup::write_file_head({heads_file.filename().string(), 0600, heads.size()}, head);
  RAP_TRY(writer.write(head));
  return heads.write_to(writer);
}

Result<void> write_dump(SealedWriter& writer, PipedProgram dump) {
  Bytes block;
  backup::begin_database(block);
  RAP_TRY(writer.write(block));
  Bytes piece(kDumpedAtOnce);
  std::uint64_t dumped = 0;
  for (;;) {
    const std::size_t n = RAP_TRY(dump.read(piece));
    if (n == 0) break;
    if ((dumped += n) > kMaxDatabaseBytes) {
      return std::unexpected("the database is too large for a backup; use PostgreSQL's own tools");
    }
    block.clear();
    backup::write_database(ByteView(piece).first(n), block);
    RAP_TRY(writer.write(block));
  }
  RAP_TRY(dump.finish());
  block.clear();
  backup::end_database(block);
  backup::write_end(block);
  return writer.write(block);
}

// `action` is "backup.begun" or "backup.made".
Result<void> audit(const HostDatabase& host, const BackupRequest& request, std::string_view action,
                   const MadeBackup& made) {
  io::StderrLog log("rap-control", LogLevel::warn);
  store::PostgresDatabase database(
      {.conninfo = host.conninfo, .user = std::string(store::kAppRole), .max_connections = 1}, log);
  const auto* recipient = std::get_if<backup::Recipient>(&request.lock);
  nlohmann::json details = {
      {"sealed_to", recipient ? backup::recipient_text(*recipient) : std::string("passphrase")}};
  if (made.bytes > 0) {
    details["audit_seq"] = made.manifest.audit_seq;
    details["bytes"] = made.bytes;
  }
  const auto done = transact(database, Scope::platform(), [&](Transaction& tx) -> Outcome<void> {
    tx.audit(AuditEntry::of_system(io::wall_now(), host_actor("backup"))
                 .about(action, "backup", made.manifest.id.str(), request.file)
                 .with(details));
    return {};
  });
  if (!done) return std::unexpected(done.error().detail);
  return {};
}

}  // namespace

Result<MadeBackup> make_backup(const StateDirectory& state, const BackupRequest& request,
                               const HostDatabase& host) {
  io::SystemRandom rng;
  RAP_TRY(find_postgres_program("pg_dump"));
  auto writer = RAP_TRY(SealedWriter::open(request.file, request.lock, rng));
  MadeBackup made;
  backup::Manifest& manifest = made.manifest;
  manifest.id = backup::BackupId::random(rng);
  manifest.cluster = host.authority.cluster;
  manifest.made_at = io::wall_now();
  manifest.host = host_name();
  manifest.version = RAP_VERSION;
  manifest.root_sha256 = host.authority.root_fingerprint();

  // Which keys are in force is said by the database and followed by the files. So nobody says
  // another thing until both are read.
  auto keeper = RAP_TRY(open_patiently(host.conninfo));
  // Whoever has a backup and its key has the platform: nothing of one leaves this process that the
  // audit log does not tell of, however it ends.
  RAP_TRY(audit(host, request, "backup.begun", made));
  RAP_TRY(run(keeper, "BEGIN; LOCK TABLE trust IN SHARE MODE"));
  const auto heads = RAP_TRY(Heads::open(state.audit_heads_file()));
  auto holder = RAP_TRY(open_patiently(host.conninfo));
  const auto snapshot = RAP_TRY(take_snapshot(std::move(holder), manifest));
  const auto files = RAP_TRY(read_kept_files(state));
  RAP_TRY(run(keeper, "ROLLBACK"));
  if (const auto ok = check_kept_files(files, manifest.cluster, manifest.root_sha256); !ok) {
    return std::unexpected("the keys in " + state.root().string() + " are not whole (" +
                           ok.error() +
                           "); start 'rap-control serve', which mends what a crash "
                           "left, or restore them");
  }
  made.root_keys = state.root_keys();
  made.files = files.size();
  describe(files, heads, manifest);

  Bytes head;
  backup::write_manifest(manifest, head);
  RAP_TRY(writer.write(head));
  RAP_TRY(write_files(writer, files, heads, state.audit_heads_file()));
  auto dump = RAP_TRY(dump_database(host.conninfo, snapshot.name));
  RAP_TRY(write_dump(writer, std::move(dump)));
  RAP_TRY(writer.finish());
  made.bytes = writer.size();
  RAP_TRY(audit(host, request, "backup.made", made));
  RAP_TRY(writer.put_in_place());
  return made;
}

}  // namespace rap::control::server
