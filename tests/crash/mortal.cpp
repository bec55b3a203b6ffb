#include "mortal.hpp"

#include <csignal>
#include <cstdlib>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace rap::crash {

namespace fs = std::filesystem;

Mortal::Mortal() {
  // The folder is in memory when possible: what kill -9 leaves depends on no disk.
  const fs::path where = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
  std::string name = (where / "rap-crash-XXXXXX").string();
  root_ = ::mkdtemp(name.data());
}

Mortal::~Mortal() { fs::remove_all(root_); }

int Mortal::live(std::uint64_t cut_after, cut::Where where, const Work& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    cut::after(cut_after, where);
    const int status = work();
    *cost_ = {cut::seen(cut::Where::before), cut::seen(cut::Where::half)};
    ::_exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

Mortal::Cost Mortal::cost_of(const Work& work) {
  EXPECT_TRUE(was_fine(live(0, cut::Where::before, work)));
  return *cost_;
}

bool Mortal::was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

bool Mortal::was_fine(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

}  // namespace rap::crash
