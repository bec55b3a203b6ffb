#include "base/log/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "base/log/utf8.hpp"

namespace rap {
namespace {

constexpr char kReplacement = '?';

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

struct Range {
  char32_t first;
  char32_t last;
};

// Controls, breaks of lines, and what is invisible or changes the direction of writing (Unicode's
// categories Cc, Zl, Zp and Cf). The joiners U+200C and U+200D stay: Persian and Hindi need them.
constexpr std::array kDeceptive = {
    Range{0x00, 0x1f},     Range{0x7f, 0x9f},     Range{0xad, 0xad},     Range{0x61c, 0x61c},
    Range{0x180e, 0x180e}, Range{0x200b, 0x200b}, Range{0x200e, 0x200f}, Range{0x2028, 0x202e},
    Range{0x2060, 0x206f}, Range{0xfeff, 0xfeff}, Range{0xfff9, 0xfffb}, Range{0xe0000, 0xe0fff},
};

bool is_deceptive(char32_t c) {
  return std::ranges::any_of(kDeceptive,
                             [c](const Range& r) { return r.first <= c && c <= r.last; });
}

char32_t code_point(std::string_view character) {
  constexpr std::array<unsigned char, 5> kLeadBits = {0, 0x7f, 0x1f, 0x0f, 0x07};
  char32_t c = static_cast<unsigned char>(character[0]) & kLeadBits[character.size()];
  for (const char more : character.substr(1)) {
    c = (c << 6) | (static_cast<unsigned char>(more) & 0x3f);
  }
  return c;
}

std::string utf16_escapes(char32_t c) {
  std::array<char, 16> out{};
  if (c < 0x10000) {
    std::snprintf(out.data(), out.size(), "\\u%04x", static_cast<unsigned>(c));
  } else {
    c -= 0x10000;
    std::snprintf(out.data(), out.size(), "\\u%04x\\u%04x",
                  static_cast<unsigned>(0xd800 + (c >> 10)),
                  static_cast<unsigned>(0xdc00 + (c & 0x3ff)));
  }
  return out.data();
}

// Each character that deceives, as `shown` has it; bytes that are no character are '?'.
template <class Shown>
std::string without_deceit(std::string_view text, Shown shown) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      out += kReplacement;
    } else if (const char32_t c = code_point(character); is_deceptive(c)) {
      out += shown(c);
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return without_deceit(text, [](char32_t) { return kReplacement; });
}

std::string printable_lines(std::string_view text) {
  return without_deceit(text, [](char32_t c) { return c == '\n' ? '\n' : kReplacement; });
}

std::string printable_line(std::string_view lines) {
  while (lines.ends_with('\n')) lines.remove_suffix(1);
  std::string out;
  for (const char c : lines) {
    if (c == '\n') {
      out += "; ";
    } else {
      out += c == '\t' ? ' ' : c;
    }
  }
  return printable(out);
}

std::string printable_json_text(std::string_view json) {
  return without_deceit(
      json, [](char32_t c) { return c == '\n' ? std::string(1, '\n') : utf16_escapes(c); });
}

bool is_printable_ascii(std::string_view text) { return std::ranges::all_of(text, is_plain); }

std::string printable_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return !is_plain(c); }, kReplacement);
  return out;
}

}  // namespace rap
