#include "cut.hpp"

#include <csignal>
#include <cstdarg>
#include <cstdio>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace rap::cut {
namespace {

bool counting = false;
std::uint64_t operations_seen = 0;
std::uint64_t writes_seen = 0;
std::uint64_t last = 0;
Where how = Where::before;

[[noreturn]] void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

bool is_last() { return counting && ++operations_seen == last && how == Where::before; }

bool is_last_write() {
  const bool half = counting && ++writes_seen == last && how == Where::half;
  return is_last() || half;
}

// Standard output is no file of the state directory.
bool is_file(int fd) { return fd > STDERR_FILENO; }

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

void after(std::uint64_t operation, Where where) {
  counting = true;
  operations_seen = 0;
  writes_seen = 0;
  last = operation;
  how = where;
}

std::uint64_t seen(Where where) { return where == Where::half ? writes_seen : operations_seen; }

}  // namespace rap::cut

using namespace rap::cut;

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  if (is_file(fd) && is_last_write()) {
    if (how == Where::half) next(fd, data, size / 2);
    die();
  }
  return next(fd, data, size);
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  if (is_file(fd) && is_last_write()) {
    if (how == Where::half) next(fd, data, size / 2, at);
    die();
  }
  return next(fd, data, size, at);
}

int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  if (is_last()) die();
  return next(fd);
}

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  if (is_last()) die();
  return next(fd);
}

int ftruncate64(int fd, off64_t size) noexcept {
  static auto* const next = real<int(int, off64_t)>("ftruncate64");
  if (is_last()) die();
  return next(fd, size);
}

int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  if (is_last()) die();
  return next(from, to);
}

int unlink(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  if (is_last()) die();
  return next(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  static auto* const next = real<int(int, const char*, int)>("unlinkat");
  if (is_last()) die();
  return next(folder, path, flags);
}

int rmdir(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("rmdir");
  if (is_last()) die();
  return next(path);
}

int remove(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("remove");
  if (is_last()) die();
  return next(path);
}

int open(const char* path, int flags, ...) {
  static auto* const next = real<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if ((flags & O_CREAT) != 0 && is_last()) die();
  return next(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  static auto* const next = real<int(const char*, int, ...)>("open64");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if ((flags & O_CREAT) != 0 && is_last()) die();
  return next(path, flags, mode);
}

int fchmod(int fd, mode_t mode) noexcept {
  static auto* const next = real<int(int, mode_t)>("fchmod");
  if (is_last()) die();
  return next(fd, mode);
}

int chmod(const char* path, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("chmod");
  if (is_last()) die();
  return next(path, mode);
}

int fchmodat(int folder, const char* path, mode_t mode, int flags) noexcept {
  static auto* const next = real<int(int, const char*, mode_t, int)>("fchmodat");
  if (is_last()) die();
  return next(folder, path, mode, flags);
}

int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  if (is_last()) die();
  return next(path, mode);
}
}
