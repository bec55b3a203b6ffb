// Lists for people: columns aligned, nothing a server sent can move the cursor.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace rap::client {

// How a value reads: as it is, or as a point in time, an age, a size, or a list.
enum class Format : std::uint8_t {
  plain,
  time,
  seconds,
  bytes,
  milliseconds,
  from_milliseconds,
  permille
};

struct Column {
  std::string_view title;
  std::string_view pointer;  // JSON pointer into the item: "/node/name"
  Format format = Format::plain;
};

// `items` is an array; a value that is absent shows as "-".
std::string render_table(const std::vector<Column>& columns, const nlohmann::json& items);
// One "Title: value" line per column.
std::string render_record(const std::vector<Column>& columns, const nlohmann::json& item);

// Text from elsewhere, with control characters replaced.
std::string printable(std::string_view text);

}  // namespace rap::client
