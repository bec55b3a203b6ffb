#include "wire/http/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace rap::wire {
namespace {

constexpr std::string_view kUnit = "bytes=";

std::optional<std::size_t> number(std::string_view text) {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

ByteRange parse_range(std::string_view field, std::size_t size) {
  if (!field.starts_with(kUnit)) return {};
  field.remove_prefix(kUnit.size());
  const std::size_t dash = field.find('-');
  if (dash == field.npos || field.find(',') != field.npos) return {};
  const auto first = number(field.substr(0, dash));
  const auto last = number(field.substr(dash + 1));
  if (dash == 0) {  // the last so many
    if (!last) return {};
    const std::size_t count = std::min(*last, size);
    if (count == 0) return {.kind = ByteRange::Kind::unsatisfiable};
    return {ByteRange::Kind::part, size - count, count};
  }
  const bool to_the_end = dash + 1 == field.size();
  if (!first || (!to_the_end && !last) || (last && *last < *first)) return {};
  if (*first >= size) return {.kind = ByteRange::Kind::unsatisfiable};
  const std::size_t end = last ? std::min(*last, size - 1) : size - 1;
  return {ByteRange::Kind::part, *first, end - *first + 1};
}

std::string range_field(std::size_t first, std::size_t count) {
  return std::string(kUnit) + std::to_string(first) + "-" + std::to_string(first + count - 1);
}

std::string content_range(const ByteRange& range, std::size_t size) {
  const std::string total = "/" + std::to_string(size);
  if (range.kind != ByteRange::Kind::part) return "bytes *" + total;
  return "bytes " + std::to_string(range.first) + "-" +
         std::to_string(range.first + range.count - 1) + total;
}

std::optional<ContentRange> parse_content_range(std::string_view field) {
  constexpr std::string_view kPrefix = "bytes ";
  if (!field.starts_with(kPrefix)) return std::nullopt;
  field.remove_prefix(kPrefix.size());
  const std::size_t dash = field.find('-');
  const std::size_t slash = field.find('/');
  if (dash == field.npos || slash == field.npos || slash < dash) return std::nullopt;
  const auto first = number(field.substr(0, dash));
  const auto last = number(field.substr(dash + 1, slash - dash - 1));
  const auto size = number(field.substr(slash + 1));
  if (!first || !last || !size || *last < *first || *last >= *size) return std::nullopt;
  return ContentRange{*first, *last, *size};
}

}  // namespace rap::wire
