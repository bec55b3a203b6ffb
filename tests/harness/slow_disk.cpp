// A disk that takes its time, for a program that loads this before its libraries (LD_PRELOAD):
// every fsync(2) and fdatasync(2) takes as many milliseconds more as the file says that
// RAP_SLOW_DISK names.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <dlfcn.h>
#include <unistd.h>

namespace {

int after_a_while(const char* name, int fd) {
  int wait_ms = 0;
  if (const char* file = std::getenv("RAP_SLOW_DISK")) std::ifstream(file) >> wait_ms;
  std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, name))(fd);
}

}  // namespace

extern "C" int fsync(int fd) { return after_a_while("fsync", fd); }
extern "C" int fdatasync(int fd) { return after_a_while("fdatasync", fd); }
