#include "base/log/json_writer.hpp"

#include <algorithm>

#include "base/log/utf8.hpp"

namespace rap {
namespace {

// ASCII that stands for itself in a JSON string.
bool stands_for_itself(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

}  // namespace

std::string quote_json(std::string_view s) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  out.reserve(s.size() + s.size() / 16 + 2);
  while (!s.empty()) {
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if_not(s, stands_for_itself) - s.begin());
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

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  out_ += quote_json(name);
  out_ += ':';
  follows_value_ = false;
  return *this;
}

JsonWriter& JsonWriter::json(std::string_view value) {
  separate();
  out_ += value;
  follows_value_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin(char bracket) {
  separate();
  out_ += bracket;
  follows_value_ = false;
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  out_ += bracket;
  follows_value_ = true;
  return *this;
}

void JsonWriter::separate() {
  if (follows_value_) out_ += ',';
}

}  // namespace rap
