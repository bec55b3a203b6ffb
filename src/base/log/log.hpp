// Structured logging: one JSON object a line, e.g.
//   {"ts":"…","level":"info","program":"rap-fabric","event":"channel.established","peer":"…"}
// The sink is handed down from main; no core keeps one.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rap {

enum class LogLevel : std::uint8_t { debug, info, warn, error };
std::string_view to_string(LogLevel level);

struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, bool> value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  LogField(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
};

// Who brought a line about, where somebody else decides how often it comes: a stranger at a
// listener, or a member (a node, a signed-in client) that may be hostile. Such lines are throttled
// by event, reason and source (log_throttle.hpp).
struct LogCause {
  enum class Who : std::uint8_t { stranger, member };
  Who who = Who::stranger;
  std::string source;  // a network, a node, a user; empty: nobody in particular
  std::string reason;  // from a closed set: it never holds what a peer said

  static LogCause stranger(std::string_view source, std::string_view reason = {},
                           std::string_view detail = {}) {
    return {Who::stranger, std::string(source), joined(reason, detail)};
  }
  static LogCause member(std::string_view source, std::string_view reason = {},
                         std::string_view detail = {}) {
    return {Who::member, std::string(source), joined(reason, detail)};
  }

  static std::string joined(std::string_view a, std::string_view b) {
    return b.empty() ? std::string(a) : std::string(a) + "/" + std::string(b);
  }
};

class Log {
 public:
  virtual ~Log() = default;
  // `event` is a dotted name from the vocabulary of the docs; fields hold no secret.
  virtual void write(LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) = 0;

  // A log that does not throttle writes every line.
  virtual void write_caused(const LogCause&, LogLevel level, std::string_view event,
                            std::initializer_list<LogField> fields) {
    write(level, event, fields);
  }
  // Writes what is due of lines that were left out. Programs call it about once a second.
  virtual void catch_up() {}

  void debug(std::string_view e, std::initializer_list<LogField> f = {}) {
    write(LogLevel::debug, e, f);
  }
  void info(std::string_view e, std::initializer_list<LogField> f = {}) {
    write(LogLevel::info, e, f);
  }
  void warn(std::string_view e, std::initializer_list<LogField> f = {}) {
    write(LogLevel::warn, e, f);
  }
  void error(std::string_view e, std::initializer_list<LogField> f = {}) {
    write(LogLevel::error, e, f);
  }
  void info(const LogCause& c, std::string_view e, std::initializer_list<LogField> f = {}) {
    write_caused(c, LogLevel::info, e, f);
  }
  void warn(const LogCause& c, std::string_view e, std::initializer_list<LogField> f = {}) {
    write_caused(c, LogLevel::warn, e, f);
  }
  void error(const LogCause& c, std::string_view e, std::initializer_list<LogField> f = {}) {
    write_caused(c, LogLevel::error, e, f);
  }
};

// Renders one line without a trailing newline. `ts` is an RFC 3339 time.
std::string format_log_line(std::string_view ts, LogLevel level, std::string_view program,
                            std::string_view event, std::initializer_list<LogField> fields);

}  // namespace rap
