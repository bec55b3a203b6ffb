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

class Log {
 public:
  virtual ~Log() = default;
  // `event` is a dotted name from the vocabulary of the docs; fields hold no secret.
  virtual void write(LogLevel level, std::string_view event,
                     std::initializer_list<LogField> fields) = 0;

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
};

// Renders one line without a trailing newline. `ts` is an RFC 3339 time.
std::string format_log_line(std::string_view ts, LogLevel level, std::string_view program,
                            std::string_view event, std::initializer_list<LogField> fields);

// A JSON string literal, quotes included; bytes that are not valid UTF-8 become U+FFFD.
std::string quote_json(std::string_view s);

}  // namespace rap
