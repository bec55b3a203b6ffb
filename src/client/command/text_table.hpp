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

// `items` is an array; a value that is absent shows as "-". What is wider than `width` columns of a
// terminal has its lists and sentences broken; what is too wide even then is shown as records.
// Nothing is left out. 0: there is no terminal to fit.
std::string render_table(const std::vector<Column>& columns, const nlohmann::json& items,
                         std::size_t width = 0);
// One "Title: value" line per column.
std::string render_record(const std::vector<Column>& columns, const nlohmann::json& item);

}  // namespace rap::client
