#include "control/backup/reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/try.hpp"
#include "control/backup/kept_files.hpp"
#include "control/backup/postgres_programs.hpp"
#include "control/store/postgres/migrations.hpp"

namespace rap::control::server {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} * 1024;

class CheckingSink final : public backup::ArchiveSink {
 public:
  CheckedBackup checked;

  backup::Done manifest(const backup::Manifest& m) override {
    checked.manifest = m;
    const int known = store::embedded_migrations().back().version;
    if (m.schema <= known) return {};
    return std::unexpected("it was made of a database with schema " + std::to_string(m.schema) +
                           " by rap-control " + m.version + ", and this program knows schema " +
                           std::to_string(known) + "; restore it with that version or a newer one");
  }
  backup::Done file(const backup::ArchivedFile& f) override {
    ++checked.files;
    in_memory_ = f.path.starts_with("clusters/");
    if (!in_memory_) return {};
    if (f.size > kMaxKeptBytes || (kept_bytes_ += f.size) > kMaxKeptBytes) {
      return std::unexpected("its keys are larger than keys are");
    }
    kept_.push_back({f.path, f.mode, {}});
    return {};
  }
  backup::Done file_bytes(ByteView bytes) override {
    if (in_memory_) kept_.back().content += as_text(bytes);
    return {};
  }
  backup::Done file_end() override { return {}; }
  backup::Done database_begin() override {
    RAP_TRY(check_kept_files(kept_, checked.manifest.cluster, checked.manifest.root_sha256));
    dump_.emplace(RAP_TRY(read_through_dump()));
    return {};
  }
  backup::Done database_bytes(ByteView bytes) override {
    checked.database_bytes += bytes.size();
    return dump_->write(bytes);
  }
  backup::Done database_end() override { return dump_->finish(); }

 private:
  bool in_memory_ = false;
  std::uint64_t kept_bytes_ = 0;
  std::vector<KeptFile> kept_;
  std::optional<PipedProgram> dump_;
};

}  // namespace

Result<BackupFile> BackupFile::open(const std::string& path, backup::Unlock unlock) {
  io::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) {
    return std::unexpected(path + ": " + std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return std::unexpected(path +
                           " is no plain file; it is read twice, so write it into one first");
  }
  return BackupFile(path, std::move(file), std::move(unlock));
}

Result<void> BackupFile::read(backup::ArchiveSink& sink) const {
  const auto named = [&](const std::string& why) { return std::unexpected(path_ + ": " + why); };
  backup::FileOpener opener(unlock_);
  backup::ArchiveReader archive(sink);
  Bytes sealed(kPieceBytes);
  Bytes plain;
  for (std::uint64_t at = 0;;) {
    const ssize_t n = ::pread(file_.get(), sealed.data(), sealed.size(), static_cast<off_t>(at));
    if (n < 0) return named(std::strerror(errno));
    at += static_cast<std::uint64_t>(n);
    plain.clear();
    const auto opened =
        n > 0 ? opener.push(ByteView(sealed).first(static_cast<std::size_t>(n)), plain)
              : opener.finish(plain);
    if (!opened) return named(backup::explain(opened.error()));
    if (const auto ok = archive.push(plain); !ok) return named(ok.error());
    if (n > 0) continue;
    if (const auto ok = archive.finish(); !ok) return named(ok.error());
    return {};
  }
}

Result<CheckedBackup> check_backup(const BackupFile& file) {
  CheckingSink sink;
  RAP_TRY(file.read(sink));
  return std::move(sink.checked);
}

}  // namespace rap::control::server
