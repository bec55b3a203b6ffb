// Running other programs: started by us, or found running and adopted. A process is watched and
// signalled through a pidfd (Linux 5.3), never through its number, which may be reused.
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "io/loop/event_loop.hpp"
#include "io/process/spawn.hpp"

namespace rap::io {

struct ProcessExit {
  std::optional<int> code;  // exited
  std::optional<int> signal;  // killed; neither for an adopted process: only its parent is told
};

class Process {
 public:
  // The error is a sentence that names the program, and the step that failed in the child too.
  // Besides stdin, stdout and stderr no descriptor of ours reaches the program.
  static std::expected<std::unique_ptr<Process>, std::string> spawn(EventLoop& loop,
                                                                    const SpawnOptions& options);
  // Watches a process that is not (or no longer) our child. `program` is the file it must be
  // running, so that a stale pid file cannot point us at a stranger.
  static std::expected<std::unique_ptr<Process>, std::string> adopt(
      EventLoop& loop, pid_t pid, const std::filesystem::path& program);

  ~Process();  // stops watching; the program goes on
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const;
  bool running() const;
  // `fn` is called once, on the loop, also when the end came before. It may destroy the object.
  void on_exit(std::function<void(ProcessExit)> fn);
  void signal(int number);
  // SIGTERM now and SIGKILL after the grace; the end is reported to on_exit.
  void terminate(Duration grace);

 private:
  struct Impl;
  explicit Process(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

// Runs a program to its end; blocks. For start-up, before any loop runs.
std::expected<ProcessExit, std::string> run_program(const SpawnOptions& options);

}  // namespace rap::io
