// The machine's clocks, randomness and log: the only place that asks for them.
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <string>

#include "base/log/log.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "io/system/log_file.hpp"

namespace rap::io {

MonoTime mono_now();
WallTime wall_now();
// For how long this machine has been suspended since it started: mono_now() stands still meanwhile.
Duration time_asleep();
Duration thread_time();  // the processor time that this thread has used

// Takes as many descriptors as the system gives: the usual limit of 1,024 is less than a listener's
// strangers may take, and a server without descriptors serves nobody. Returns the limit.
std::size_t raise_descriptor_limit();

// A daemon outlives the terminal it was started from, and a hangup, which others send to have a log
// opened anew, never ends traffic. A LogFile needs none.
void ignore_hangup();

// No program that we or our children start gains rights from now on by a set-user-id bit or a file
// capability (PR_SET_NO_NEW_PRIVS). Not for `rap`: the person's ssh may have a helper that needs
// it.
void gain_no_privileges();
// What this process has in memory, keys above all, is written into no core file, whether the host
// keeps such files or hands them to a program.
void leave_no_core();

class SystemRandom final : public RandomSource {  // OpenSSL's generator; thread-safe
 public:
  void fill(MutableBytes out) override;
};

class StderrLog final : public Log {  // thread-safe, one write(2) a line
 public:
  explicit StderrLog(std::string program, LogLevel threshold = LogLevel::info)
      : program_(std::move(program)), threshold_(threshold) {}
  // Lines go from now on into a LogFile of that name, if it is not empty. Called before other
  // threads write.
  std::expected<void, std::string> write_to(const std::filesystem::path& path);
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;

 private:
  std::string program_;
  std::unique_ptr<LogFile> file_;
  LogLevel threshold_;
};

}  // namespace rap::io
