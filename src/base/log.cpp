#include "base/log.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace rap {
namespace {

// ASCII that stands for itself in a JSON string.
bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warn: return "warn";
    case LogLevel::error: return "error";
  }
  return "error";
}

std::string quote_json(std::string_view s) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  out.reserve(s.size() + s.size() / 16 + 2);
  while (!s.empty()) {
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(s, is_plain) - s.begin());
    out += s.substr(0, plain);
    s.remove_prefix(plain);
    if (s.empty()) break;
    const char c = s[0];
    std::size_t n = utf8_length(s);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      n = 1;
    } else if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += "\\u00";
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[c & 0xf]);
    } else {
      out += s.substr(0, n);
    }
    s.remove_prefix(n);
  }
  out.push_back('"');
  return out;
}

std::string format_log_line(std::string_view ts, LogLevel level, std::string_view program,
                            std::string_view event, std::initializer_list<LogField> fields) {
  std::string out = "{\"ts\":" + quote_json(ts) + ",\"level\":\"";
  out += to_string(level);
  out += "\",\"program\":" + quote_json(program) + ",\"event\":" + quote_json(event);
  for (const LogField& f : fields) {
    out += "," + quote_json(f.key) + ":";
    if (const auto* text = std::get_if<std::string_view>(&f.value)) {
      out += quote_json(*text);
    } else if (const auto* number = std::get_if<std::int64_t>(&f.value)) {
      out += std::to_string(*number);
    } else {
      out += std::get<bool>(f.value) ? "true" : "false";
    }
  }
  return out + "}";
}

}  // namespace rap
