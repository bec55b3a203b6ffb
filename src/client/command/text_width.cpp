#include "client/command/text_width.hpp"

#include <locale.h>
#include <wchar.h>

#include <algorithm>

namespace rap::client {
namespace {

// glibc has had this one built in since 2.35, whatever locales a machine has.
class Utf8 {
 public:
  Utf8() : ours_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (ours_ != nullptr) before_ = ::uselocale(ours_);
  }
  ~Utf8() {
    if (ours_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(ours_);
  }
  Utf8(const Utf8&) = delete;
  Utf8& operator=(const Utf8&) = delete;

 private:
  locale_t ours_;
  locale_t before_ = nullptr;
};

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,"), text.size() - 1) + 1;
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return found;
}

std::string_view without_space(std::string_view word) {
  if (word.ends_with(' ')) word.remove_suffix(1);
  return word;
}

}  // namespace

std::size_t text_width(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (plain) return text.size();
  const Utf8 utf8;
  std::size_t width = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t character = 0;
    const std::size_t used = ::mbrtowc(&character, text.data(), text.size(), &state);
    if (used == 0 || used > text.size()) {
      state = {};
      ++width;
      text.remove_prefix(1);
      continue;
    }
    width += static_cast<std::size_t>(std::max(::wcwidth(character), 0));
    text.remove_prefix(used);
  }
  return width;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (const std::string_view word : words(text)) {
    std::string& line = lines.back();
    if (line.empty() || text_width(line) + text_width(without_space(word)) <= width) {
      line += word;
    } else {
      lines.emplace_back(word);
    }
  }
  for (std::string& line : lines) line = without_space(line);
  return lines;
}

std::size_t widest_word(std::string_view text) {
  std::size_t widest = 0;
  for (const std::string_view word : words(text)) {
    widest = std::max(widest, text_width(without_space(word)));
  }
  return widest;
}

}  // namespace rap::client
