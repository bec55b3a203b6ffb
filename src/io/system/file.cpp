#include "io/system/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "io/system/descriptor.hpp"
#include "io/system/system.hpp"

namespace fs = std::filesystem;

namespace rap::io {
namespace {

constexpr mode_t kParentDirectoryMode = 0755;
constexpr std::size_t kReadChunkBytes = 64 * 1024;

std::unexpected<std::string> failed(const fs::path& path, int error) {
  return std::unexpected(path.string() + ": " + std::strerror(error));
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// 0, or the errno of the step that failed.
int write_temporary(const fs::path& temporary, std::string_view content, mode_t mode,
                    std::optional<FileOwner> owner) {
  // The mode counts from the first moment: a secret is never readable to others, not even empty.
  Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file) return errno;
  // Afterwards exactly the mode asked for, which the umask may have narrowed.
  const bool ok = (!owner || ::fchown(file.get(), owner->uid, owner->gid) == 0) &&
                  ::fchmod(file.get(), mode) == 0 && write_all(file.get(), content) &&
                  ::fsync(file.get()) == 0 && ::close(file.release()) == 0;
  if (ok) return 0;
  const int error = errno;
  ::unlink(temporary.c_str());
  return error;
}

int sync_directory(const fs::path& directory) {
  Descriptor dir(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return dir && ::fsync(dir.get()) == 0 ? 0 : errno;
}

std::expected<std::string, std::string> read_all(int fd, const fs::path& path,
                                                 std::size_t max_bytes) {
  std::string content;
  for (;;) {
    const std::size_t old_size = content.size();
    content.resize(old_size + kReadChunkBytes);
    const ssize_t n = ::read(fd, content.data() + old_size, kReadChunkBytes);
    if (n < 0 && errno != EINTR) return failed(path, errno);
    content.resize(old_size + static_cast<std::size_t>(n < 0 ? 0 : n));
    if (content.size() > max_bytes) {
      return std::unexpected(path.string() + ": larger than the " + std::to_string(max_bytes) +
                             " bytes allowed here");
    }
    if (n == 0) return content;
  }
}

fs::path temporary_beside(const fs::path& path) {
  SystemRandom random;
  fs::path temporary = path;
  temporary += "." + to_hex(random.bytes(8)) + std::string(kTemporarySuffix);
  return temporary;
}

std::expected<void, std::string> sync_directory_of(const fs::path& path) {
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (const int error = sync_directory(directory)) return failed(directory, error);
  return {};
}

}  // namespace

std::expected<void, std::string> write_file_atomic(const fs::path& path, std::string_view content,
                                                   mode_t mode, std::optional<FileOwner> owner) {
  const fs::path temporary = temporary_beside(path);
  if (const int error = write_temporary(temporary, content, mode, owner))
    return failed(path, error);
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return failed(path, error);
  }
  return sync_directory_of(path);
}

std::expected<void, std::string> create_file_atomic(const fs::path& path, std::string_view content,
                                                    mode_t mode) {
  const fs::path temporary = temporary_beside(path);
  if (const int error = write_temporary(temporary, content, mode, std::nullopt))
    return failed(path, error);
  const int error = ::link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(temporary.c_str());
  if (error != 0 && error != EEXIST) return failed(path, error);
  return sync_directory_of(path);
}

std::expected<std::string, std::string> read_file(const fs::path& path, std::size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed(path, errno);
  return read_all(file.get(), path, max_bytes);
}

std::expected<std::string, std::string> read_plain_file(const fs::path& path,
                                                        std::size_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!file || ::fstat(file.get(), &info) != 0) return failed(path, errno);
  if (!S_ISREG(info.st_mode)) return failed(path, EINVAL);
  return read_all(file.get(), path, max_bytes);
}

std::expected<std::vector<fs::path>, std::string> entries_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  // A range-for would throw where increment() says what failed.
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    out.push_back(at->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return failed(folder, error.value());
  }
  std::ranges::sort(out);
  return out;
}

std::expected<std::vector<fs::path>, std::string> files_below(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const fs::path& entry : RAP_TRY(entries_of(folder))) {
    std::error_code gone;
    if (fs::is_directory(fs::symlink_status(entry, gone))) {
      std::ranges::move(RAP_TRY(files_below(entry)), std::back_inserter(out));
    } else if (!gone) {
      out.push_back(entry);
    }
  }
  return out;
}

std::expected<void, std::string> make_directory(const fs::path& path, mode_t mode) {
  if (!path.has_filename() && path.has_relative_path()) {  // a trailing slash
    return make_directory(path.parent_path(), mode);
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return failed(path, ENOTDIR);
  }
  if (errno != ENOENT) return failed(path, errno);
  const fs::path parent = path.parent_path();
  if (!parent.empty() && parent != path) {
    if (auto made = make_directory(parent, kParentDirectoryMode); !made) return made;
  }
  if (::mkdir(path.c_str(), mode) == 0) {
    if (::chmod(path.c_str(), mode) != 0) return failed(path, errno);
    return {};
  }
  // Somebody else may have made it meanwhile.
  if (errno == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return failed(path, errno);
}

std::expected<void, std::string> give_directory(const fs::path& path, FileOwner owner) {
  const Descriptor dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir || ::fchown(dir.get(), owner.uid, owner.gid) != 0) return failed(path, errno);
  return {};
}

std::expected<void, std::string> check_only_we_write(const fs::path& directory) {
  struct stat info{};
  if (::lstat(directory.c_str(), &info) != 0) return failed(directory, errno);
  if (!S_ISDIR(info.st_mode)) return failed(directory, ENOTDIR);
  const auto wrong = [&](const char* what) {
    return std::unexpected(directory.string() + " " + what +
                           "; choose a directory of this user's that nobody else can write to");
  };
  if (info.st_uid != ::geteuid() && info.st_uid != 0) return wrong("belongs to another user");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return wrong("can be written to by others");
  return {};
}

std::optional<FileLock> FileLock::try_lock(const fs::path& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  // The lock is the kernel's: a disk that became read-only holds it too.
  if (!file && errno == EROFS) {
    file = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  }
  if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  return FileLock(file.release());
}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace rap::io
