// A log in front of another that leaves out lines which somebody causes again and again
// (base/log/log_throttle.hpp), and says how many. It is the one place where that is decided: every
// program's main puts it before its log, or what runs it does.
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/log/log_throttle.hpp"

namespace rap::io {

class ThrottledLog final : public Log {  // thread-safe if the other is
 public:
  using Clock = std::function<MonoTime()>;
  // `log` must outlive it.
  ThrottledLog(Log& log, Clock now) : log_(log), now_(std::move(now)) {}
  ~ThrottledLog() override;  // says what is left to say
  ThrottledLog(const ThrottledLog&) = delete;
  ThrottledLog& operator=(const ThrottledLog&) = delete;

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    log_.write(level, event, fields);
  }
  void write_caused(const LogCause& cause, LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) override;
  void catch_up() override;

 private:
  void say(const std::vector<LogThrottle::LeftOut>& all);

  Log& log_;
  const Clock now_;
  std::mutex mutex_;
  LogThrottle throttle_;
};

}  // namespace rap::io
