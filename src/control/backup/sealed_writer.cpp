#include "control/backup/sealed_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kBackupMode = 0600;
constexpr const char* kStandardOutput = "-";

std::unexpected<std::string> failed(const fs::path& path) {
  return std::unexpected((path.empty() ? "standard output" : path.string()) + ": " +
                         std::strerror(errno));
}

}  // namespace

Result<SealedWriter> SealedWriter::open(const std::string& file, const backup::Lock& lock,
                                        RandomSource& rng) {
  auto sealer = backup::FileSealer::make(lock, rng);
  if (!sealer) return std::unexpected("--recipient is a key that nobody can have");
  if (file == kStandardOutput) {
    if (::isatty(STDOUT_FILENO) != 0) {
      return std::unexpected("a backup is nothing for a terminal; name a file, or send it on");
    }
    io::Descriptor out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
    if (!out) return failed({});
    return SealedWriter({}, {}, std::move(out), std::move(*sealer));
  }
  const fs::path path(file);
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return std::unexpected(file + " is a directory; name a file in it");
  }
  fs::path temporary = path;
  temporary += "." + to_hex(rng.bytes(8)) + std::string(io::kTemporarySuffix);
  io::Descriptor out(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kBackupMode));
  if (!out || ::fchmod(out.get(), kBackupMode) != 0) return failed(path);
  return SealedWriter(path, temporary, std::move(out), std::move(*sealer));
}

SealedWriter::~SealedWriter() {
  if (out_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> SealedWriter::write_sealed() {
  ByteView left(sealed_);
  while (!left.empty()) {
    const ssize_t n = ::write(out_.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(file_);
    left = left.subspan(static_cast<std::size_t>(n));
  }
  size_ += sealed_.size();
  sealed_.clear();
  return {};
}

Result<void> SealedWriter::write(ByteView plain) {
  sealer_.push(plain, sealed_);
  return write_sealed();
}

Result<void> SealedWriter::finish() {
  sealer_.finish(sealed_);
  RAP_TRY(write_sealed());
  if (!file_.empty() && ::fsync(out_.get()) != 0) return failed(file_);
  return {};
}

Result<void> SealedWriter::put_in_place() {
  if (file_.empty()) return {};
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) return failed(file_);
  out_.reset();
  const fs::path folder = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
  const io::Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed(folder);
  return {};
}

}  // namespace rap::control::server
