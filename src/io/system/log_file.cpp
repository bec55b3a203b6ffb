#include "io/system/log_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/try.hpp"
#include "io/system/descriptor.hpp"

namespace rap::io {

std::expected<std::unique_ptr<LogFile>, std::string> LogFile::open(std::filesystem::path path,
                                                                   std::uint64_t max_bytes) {
  // The program may change its directory.
  std::error_code ignored;
  std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  std::unique_ptr<LogFile> file(new LogFile(std::move(absolute), max_bytes));
  RAP_TRY(file->begin());
  return file;
}

std::expected<void, std::string> LogFile::begin() {
  const auto failed = [&](const std::string& why) {
    return std::unexpected("cannot log to " + path_.string() + ": " + why);
  };
  // A named pipe nobody reads must not hold the program up.
  const Descriptor file(::open(
      path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (file.get() < 0) {
    return failed(errno == ELOOP ? "it is a symbolic link" : std::strerror(errno));
  }
  struct stat opened{};
  if (::fstat(file.get(), &opened) != 0) return failed(std::strerror(errno));
  if (!S_ISREG(opened.st_mode)) return failed("it is not a regular file");
  if (opened.st_nlink != 1) return failed("it has another name too, by a hard link");
  if (::dup2(file.get(), STDERR_FILENO) < 0) return failed(std::strerror(errno));
  return {};
}

bool LogFile::is_elsewhere() const {
  struct stat ours{};
  struct stat named{};
  if (::fstat(STDERR_FILENO, &ours) != 0) return true;
  if (::lstat(path_.c_str(), &named) != 0) return errno == ENOENT;
  return ours.st_dev != named.st_dev || ours.st_ino != named.st_ino;
}

bool LogFile::is_full(std::size_t bytes) const {
  struct stat ours{};
  return ::fstat(STDERR_FILENO, &ours) == 0 && ours.st_size > 0 &&
         static_cast<std::uint64_t>(ours.st_size) + bytes > max_bytes_;
}

void LogFile::make_room(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (is_elsewhere()) (void)begin();
  if (!is_full(bytes)) return;
  // Another's file by our name is nothing to rename.
  if (!is_elsewhere() && std::rename(path_.c_str(), (path_.string() + ".1").c_str()) == 0) {
    (void)begin();
  }
  if (is_full(bytes) && ::ftruncate(STDERR_FILENO, 0) != 0) return;
}

}  // namespace rap::io
