#include "control/backup/reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "base/try.hpp"
#include "control/backup/kept_files.hpp"
#include "control/backup/postgres_programs.hpp"
#include "control/store/postgres/migrations.hpp"

namespace rap::control::server {
namespace {

constexpr std::string_view kHeadsFile = "audit-heads.jsonl";
constexpr const char* kChanged = "it was changed while it was read; take another copy";

class CheckingSink final : public backup::ArchiveSink {
 public:
  explicit CheckingSink(const std::string& root_sha256) : root_sha256_(root_sha256) {}

  CheckedBackup checked;

  backup::Done manifest(const backup::Manifest& m) override {
    checked.manifest = m;
    if (!root_sha256_.empty() && root_sha256_ != m.root_sha256) {
      return std::unexpected(
          "it is of another platform than --root-sha256 says: its root's SHA-256 is " +
          m.root_sha256);
    }
    const int known = store::embedded_migrations().back().version;
    if (m.schema <= known) return {};
    return std::unexpected("it was made of a database with schema " + std::to_string(m.schema) +
                           " by rap-control " + m.version + ", and this program knows schema " +
                           std::to_string(known) + "; restore it with that version or a newer one");
  }
  backup::Done file(const backup::ArchivedFile& f) override {
    const backup::Manifest& m = checked.manifest;
    if (++checked.files > m.files || f.size > m.file_bytes - bytes_) {
      return std::unexpected("it holds more than its description says");
    }
    bytes_ += f.size;
    if (!paths_.insert(f.path).second) {
      return std::unexpected("it holds the file " + f.path + " twice");
    }
    in_memory_ = f.path.starts_with("clusters/");
    if (!in_memory_) return check_heads(f);
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
    if (checked.files != checked.manifest.files || bytes_ != checked.manifest.file_bytes) {
      return std::unexpected("it holds less than its description says");
    }
    RAP_TRY(check_kept_files(kept_, checked.manifest.cluster, checked.manifest.root_sha256));
    dump_.emplace(RAP_TRY(read_through_dump()));
    return {};
  }
  backup::Done database_bytes(ByteView bytes) override {
    checked.database_bytes += bytes.size();
    if (checked.database_bytes > kMaxDatabaseBytes) {
      return std::unexpected("its database is larger than a backup's is");
    }
    return dump_->write(bytes);
  }
  backup::Done database_end() override { return dump_->finish(); }

 private:
  static backup::Done check_heads(const backup::ArchivedFile& f) {
    if (f.path != kHeadsFile) {
      return std::unexpected("it holds a file that no backup has: " + f.path);
    }
    if (f.size <= kMaxHeadsBytes) return {};
    return std::unexpected("its " + f.path + " is larger than a backup's is");
  }

  const std::string& root_sha256_;
  bool in_memory_ = false;
  std::set<std::string> paths_;
  std::uint64_t bytes_ = 0;       // of all files
  std::uint64_t kept_bytes_ = 0;  // of those below clusters/
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

Result<ByteView> BackupFile::read_piece(std::size_t number, Bytes& into) const {
  into.resize(kPieceBytes);
  std::size_t there = 0;
  while (there < into.size()) {
    const auto at = static_cast<off_t>(number * kPieceBytes + there);
    const ssize_t n = ::pread(file_.get(), into.data() + there, into.size() - there, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return wrong(std::strerror(errno));
    if (n == 0) break;
    there += static_cast<std::size_t>(n);
  }
  return ByteView(into).first(there);
}

Result<Pieces> BackupFile::read(backup::ArchiveSink& sink, const Pieces* first) const {
  backup::FileOpener opener(unlock_);
  backup::ArchiveReader archive(sink);
  Pieces pieces;
  Bytes buffer;
  Bytes plain;
  for (bool more = true; more;) {
    const ByteView sealed = RAP_TRY(read_piece(pieces.size(), buffer));
    more = !sealed.empty();
    if (more) {
      const std::size_t number = pieces.size();
      pieces.push_back(crypto::sha256(sealed));
      if (first && (number >= first->size() || (*first)[number] != pieces.back())) {
        return wrong(kChanged);
      }
    } else if (first && pieces.size() != first->size()) {
      return wrong(kChanged);
    }
    plain.clear();
    const auto opened = more ? opener.push(sealed, plain) : opener.finish(plain);
    if (!opened) return wrong(backup::explain(opened.error()));
    if (const auto ok = archive.push(plain); !ok) return wrong(ok.error());
  }
  if (const auto ok = archive.finish(); !ok) return wrong(ok.error());
  return pieces;
}

Result<void> BackupFile::read_again(backup::ArchiveSink& sink, const Pieces& first) const {
  RAP_TRY(read(sink, &first));
  return {};
}

Result<CheckedBackup> check_backup(const BackupFile& file, const std::string& root_sha256) {
  CheckingSink sink(root_sha256);
  sink.checked.pieces = RAP_TRY(file.read(sink));
  return std::move(sink.checked);
}

}  // namespace rap::control::server
