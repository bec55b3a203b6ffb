#include "control/backup/restoring.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <vector>

#include "base/try.hpp"
#include "control/backup/filled_database.hpp"
#include "control/backup/postgres_programs.hpp"
#include "control/backup/system_failure.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kOuterModeOfRoot = 0711;  // PostgreSQL, another user then, passes through

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  return {};
}

// The folder itself stays: it says that the rest is ours.
Result<void> empty_folder(const fs::path& folder) {
  for (const fs::path& entry : RAP_TRY(io::entries_of(folder))) RAP_TRY(remove_tree(entry));
  return {};
}

Result<void> check_target(const StateDirectory& state) {
  if (state.is_half_restored()) return {};
  std::error_code error;
  const bool there = fs::exists(fs::symlink_status(state.root(), error));
  if (!there) return {};
  if (!fs::is_directory(state.root(), error)) {
    return std::unexpected(state.root().string() + " is no directory; name another with --state");
  }
  const fs::directory_iterator entries(state.root(), error);
  if (error) return std::unexpected(state.root().string() + ": " + error.message());
  if (entries == fs::directory_iterator()) return {};
  return std::unexpected(state.root().string() + " is not empty (it has '" +
                         entries->path().filename().string() +
                         "'); restore into a new directory, or move away what is there");
}

// Unpacks files into a folder of their own, and fills the database unless it is.
class RestoringSink final : public backup::ArchiveSink {
 public:
  RestoringSink(fs::path folder, std::string conninfo, const backup::Manifest& checked)
      : folder_(std::move(folder)), conninfo_(std::move(conninfo)), checked_(checked) {}

  backup::Done manifest(const backup::Manifest&) override { return {}; }
  backup::Done file(const backup::ArchivedFile& f) override {
    path_ = folder_ / f.path;
    RAP_TRY(make_folders(fs::path(f.path).parent_path()));
    out_ = io::Descriptor(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!out_ || ::fchmod(out_.get(), f.mode) != 0) return failed(path_);
    return {};
  }
  backup::Done file_bytes(ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(out_.get(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(path_);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
  }
  backup::Done file_end() override {
    if (::fsync(out_.get()) != 0) return failed(path_);
    out_.reset();
    return {};
  }
  backup::Done database_begin() override {
    if (RAP_TRY(look_into_database(conninfo_, checked_)) != Filling::empty) return {};
    load_.emplace(RAP_TRY(load_database(conninfo_)));
    return {};
  }
  backup::Done database_bytes(ByteView bytes) override {
    return load_ ? load_->write(bytes) : backup::Done{};
  }
  // A dump whose end is missing fills nothing: pg_restore commits when all of it was there.
  backup::Done database_end() override { return load_ ? load_->finish() : backup::Done{}; }

 private:
  backup::Done make_folders(const fs::path& relative) const {
    fs::path at = folder_;
    for (const fs::path& name : relative) {
      at /= name;
      if (::mkdir(at.c_str(), kFolderMode) != 0 && errno != EEXIST) return failed(at);
    }
    return {};
  }

  fs::path folder_;
  std::string conninfo_;
  const backup::Manifest& checked_;
  fs::path path_;
  io::Descriptor out_;
  std::optional<PipedProgram> load_;
};

// Everything written so far is on the disk.
Result<void> sync_all(const fs::path& folder) {
  const io::Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::syncfs(fd.get()) != 0) return failed(folder);
  return {};
}

Result<void> make_target(const StateDirectory& state) {
  const mode_t outer = ::geteuid() == 0 ? kOuterModeOfRoot : kFolderMode;
  RAP_TRY(io::make_directory(state.root(), outer));
  if (::chmod(state.root().c_str(), outer) != 0) return failed(state.root());
  // It is the first thing in the directory, so that whatever else is there is known to be ours.
  RAP_TRY(io::make_directory(state.restoring(), kFolderMode));
  return io::make_directory(state.root() / "run", kFolderMode);
}

// One that was not ready when an earlier try was cut short is made anew.
Result<void> start_empty_or_filled(const StateDirectory& state, store::PrivatePostgres& postgres) {
  if (postgres.exists()) return postgres.start();
  (void)postgres.stop();
  RAP_TRY(remove_tree(state.root() / "postgres"));
  return postgres.create();
}

Result<void> unpack(const StateDirectory& state, const std::string& conninfo,
                    const BackupFile& file, const CheckedBackup& checked) {
  RestoringSink sink(state.restoring(), conninfo, checked.manifest);
  RAP_TRY(file.read_again(sink, checked.pieces));
  return finish_database(conninfo, checked.manifest, file.path());
}

}  // namespace

// The state directory is a platform's from here on.
Result<void> put_in_place(const StateDirectory& state) {
  RAP_TRY(sync_all(state.root()));
  std::error_code error;
  const fs::path heads = state.restoring() / state.audit_heads_file().filename();
  if (fs::exists(heads, error)) {
    fs::rename(heads, state.audit_heads_file(), error);
    if (error) return std::unexpected(state.audit_heads_file().string() + ": " + error.message());
  }
  fs::rename(state.restoring() / "clusters", state.root() / "clusters", error);
  if (error) return std::unexpected(state.restoring().string() + ": " + error.message());
  RAP_TRY(sync_all(state.root()));
  return remove_tree(state.restoring());
}

Result<CheckedBackup> check_before_restore(const RestoreRequest& request, const BackupFile& file) {
  RAP_TRY(check_target(StateDirectory{fs::absolute(request.state)}));
  auto checked = RAP_TRY(check_backup(file, request.root_sha256));
  if (!request.database_url.empty()) {
    (void)RAP_TRY(look_into_database(request.database_url, checked.manifest));
  }
  return checked;
}

Result<void> restore_checked(const RestoreRequest& request, const BackupFile& file,
                             const CheckedBackup& checked) {
  const StateDirectory state{fs::absolute(request.state)};
  const bool is_private = request.database_url.empty();
  RAP_TRY(make_target(state));
  const auto lock = io::FileLock::try_lock(state.lock_file());
  if (!lock)
    return std::unexpected("another rap-control uses " + request.state + "; stop it first");
  RAP_TRY(empty_folder(state.restoring()));
  auto postgres = state.postgres();
  if (is_private) RAP_TRY(start_empty_or_filled(state, postgres));
  const std::string conninfo = is_private ? postgres.conninfo() : request.database_url;
  const auto unpacked = unpack(state, conninfo, file, checked);
  if (is_private) {
    const auto stopped = postgres.stop();
    if (unpacked) RAP_TRY(stopped);
  }
  RAP_TRY(unpacked);
  return put_in_place(state);
}

Result<CheckedBackup> restore_backup(const RestoreRequest& request, const BackupFile& file) {
  auto checked = RAP_TRY(check_before_restore(request, file));
  RAP_TRY(restore_checked(request, file, checked));
  return checked;
}

}  // namespace rap::control::server
