#include "control/backup/sealed_writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "control/backup/system_failure.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kBackupMode = 0600;
constexpr const char* kStandardOutput = "-";
constexpr std::size_t kDigits = 16;  // in the name of the file beside
constexpr int kNamesTried = 10;      // to make one that nobody takes for left behind

std::unexpected<std::string> failed_to_write(const fs::path& path) {
  return failed(path.empty() ? "standard output" : path.string());
}

// FILE is written as FILE.<digits>.tmp, beside it. Whoever writes that holds a lock on it, so that
// a killed backup's is told from that of another one that works on.
fs::path beside(const fs::path& file, const std::string& digits) {
  fs::path out = file;
  out += "." + digits + std::string(io::kTemporarySuffix);
  return out;
}

bool is_beside(const fs::path& file, const fs::path& other) {
  std::string_view name = other.native();
  const std::string begin = file.filename().string() + ".";
  const std::size_t size = begin.size() + kDigits + io::kTemporarySuffix.size();
  if (name.size() != size || !name.starts_with(begin) || !name.ends_with(io::kTemporarySuffix)) {
    return false;
  }
  return std::ranges::all_of(name.substr(begin.size(), kDigits), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// Ours, of a writer that lives no more. What cannot be removed stays, sealed as it is.
void remove_left_behind(const fs::path& file) {
  for (const fs::path& entry : io::entries_of(folder_of(file)).value_or(std::vector<fs::path>{})) {
    if (!is_beside(file, entry.filename())) continue;
    const io::Descriptor left(
        ::open(entry.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat info{};
    if (!left || ::fstat(left.get(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) continue;
    if (::flock(left.get(), LOCK_EX | LOCK_NB) == 0) ::unlink(entry.c_str());
  }
}

// Whether it is ours to write to: nobody was quicker to take it for left behind. Where a file
// system knows no locks, nobody is.
bool hold(int file) {
  if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat info{};
  return ::fstat(file, &info) == 0 && info.st_nlink > 0;
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
    if (!out) return failed_to_write({});
    return SealedWriter({}, {}, std::move(out), std::move(*sealer));
  }
  const fs::path path(file);
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return std::unexpected(file + " is a directory; name a file in it");
  }
  remove_left_behind(path);
  for (int i = 0; i < kNamesTried; ++i) {
    const fs::path temporary = beside(path, to_hex(rng.bytes(kDigits / 2)));
    io::Descriptor out(::open(temporary.c_str(),
                              O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kBackupMode));
    if (!out || ::fchmod(out.get(), kBackupMode) != 0) return failed_to_write(path);
    if (!hold(out.get())) continue;
    return SealedWriter(path, temporary, std::move(out), std::move(*sealer));
  }
  return std::unexpected(file + ": another backup is written there again and again");
}

SealedWriter::~SealedWriter() {
  if (out_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<void> SealedWriter::write_sealed() {
  ByteView left(sealed_);
  while (!left.empty()) {
    const ssize_t n = ::write(out_.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed_to_write(file_);
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
  if (!file_.empty() && ::fsync(out_.get()) != 0) return failed_to_write(file_);
  return {};
}

Result<void> SealedWriter::put_in_place() {
  if (file_.empty()) return {};
  if (::rename(temporary_.c_str(), file_.c_str()) != 0) return failed_to_write(file_);
  out_.reset();
  const fs::path folder = folder_of(file_);
  const io::Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return failed_to_write(folder);
  return {};
}

}  // namespace rap::control::server
