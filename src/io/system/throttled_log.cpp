#include "io/system/throttled_log.hpp"

namespace rap::io {

ThrottledLog::~ThrottledLog() { say(throttle_.rest()); }

void ThrottledLog::write_caused(const LogCause& cause, LogLevel level, std::string_view event,
                                std::initializer_list<LogField> fields) {
  std::vector<LogThrottle::LeftOut> due;
  bool is_written = false;
  {
    const std::lock_guard lock(mutex_);
    const MonoTime now = now_();
    due = throttle_.due(now);
    is_written = throttle_.admit(cause, event, now);
  }
  say(due);
  if (is_written) log_.write(level, event, fields);
}

void ThrottledLog::catch_up() {
  std::vector<LogThrottle::LeftOut> due;
  {
    const std::lock_guard lock(mutex_);
    due = throttle_.due(now_());
  }
  say(due);
}

void ThrottledLog::say(const std::vector<LogThrottle::LeftOut>& all) {
  for (const auto& one : all) {
    log_.warn("log.left_out", {{"of", one.event},
                               {"reason", one.reason},
                               {"lines", one.lines},
                               {"sources", one.sources},
                               {"more_sources", one.more_sources},
                               {"loudest", one.loudest}});
  }
}

}  // namespace rap::io
