#include "wire/json_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace rap::wire {

void append_json_text(std::string_view text, std::string& out) {
  const bool is_plain = std::ranges::all_of(
      text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (is_plain) {
    out.append(1, '"').append(text).push_back('"');
  } else {
    out += nlohmann::json(text).dump();
  }
}

}  // namespace rap::wire
