#include "base/log/json_writer.hpp"

#include <array>

#include "base/log/utf8.hpp"

namespace rap {
namespace {

// ASCII that stands for itself in a JSON string.
constexpr std::array<bool, 256> characters_as_they_are() {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}
constexpr auto kAsTheyAre = characters_as_they_are();

// How much at the beginning stands for itself.
std::size_t length_as_it_is(std::string_view s) {
  std::size_t n = 0;
  while (n < s.size() && kAsTheyAre[static_cast<unsigned char>(s[n])]) ++n;
  return n;
}

}  // namespace

std::string quote_json(std::string_view s) {
  std::string out;
  out.reserve(s.size() + s.size() / 16 + 2);
  append_quoted(s, out);
  return out;
}

void append_quoted(std::string_view s, std::string& out) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  while (!s.empty()) {
    const std::size_t plain = length_as_it_is(s);
    out += s.substr(0, plain);
    s.remove_prefix(plain);
    if (s.empty()) break;
    const char c = s[0];
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
      s.remove_prefix(1);
      continue;
    }
    std::size_t n = utf8_length(s);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      n = 1;
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
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(name, out_);
  out_ += ':';
  follows_value_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  append_quoted(value, out_);
  follows_value_ = true;
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
