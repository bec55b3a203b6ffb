#include "base/log/log.hpp"

#include "base/log/json_writer.hpp"

namespace rap {
std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "error";
}

std::string format_log_line(std::string_view ts, LogLevel level, std::string_view program,
                            std::string_view event, std::initializer_list<LogField> fields) {
  JsonWriter line;
  line.begin_object();
  line.key("ts").text(ts).key("level").text(to_string(level));
  line.key("program").text(program).key("event").text(event);
  for (const LogField& f : fields) {
    line.key(f.key);
    if (const auto* text = std::get_if<std::string_view>(&f.value)) {
      line.text(*text);
    } else if (const auto* number = std::get_if<std::int64_t>(&f.value)) {
      line.number(*number);
    } else {
      line.boolean(std::get<bool>(f.value));
    }
  }
  line.end_object();
  return std::move(line).take();
}

}  // namespace rap
