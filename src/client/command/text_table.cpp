#include "client/command/text_table.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "base/log/printable.hpp"
#include "base/time_text.hpp"
#include "client/command/text_width.hpp"
#include "client/core/printable_json.hpp"

namespace rap::client {
namespace {

using nlohmann::json;

std::string decimal(double value, const char* unit) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), value < 10 ? "%.1f %s" : "%.0f %s", value, unit);
  return out.data();
}

std::string bytes_text(double bytes) {
  static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(static_cast<long>(bytes)) + " B";
  std::size_t unit = 0;
  for (bytes /= 1024; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return decimal(bytes, kUnits[unit]);
}

std::string text_of(const json& value, Format format) {
  if (value.is_null() || value == "") return "-";
  if (value.is_string()) return printable(value.get<std::string>());
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_array()) {
    std::string out;
    for (const json& item : value) {
      if (!out.empty()) out += ",";
      const bool named = item.is_object() && item.contains("name");
      out += text_of(named ? item["name"] : item, format);
    }
    return out.empty() ? "-" : out;
  }
  if (value.is_number()) {
    switch (format) {
      case Format::plain: break;
      case Format::time: return rfc3339(from_unix(value.get<std::int64_t>()));
      case Format::seconds: return span_text(std::chrono::seconds{value.get<std::int64_t>()});
      case Format::bytes: return bytes_text(value.get<double>());
      case Format::milliseconds: return decimal(value.get<double>() / 1000, "ms");
      case Format::from_milliseconds: return decimal(value.get<double>() / 1000, "s");
      case Format::permille: return decimal(value.get<double>() / 10, "%");
    }
  }
  return printable_json(value);
}

std::string cell(const Column& column, const json& item) {
  const json::json_pointer pointer{std::string(column.pointer)};
  return item.is_object() && item.contains(pointer) ? text_of(item[pointer], column.format) : "-";
}

using Cells = std::vector<std::string>;
constexpr std::size_t kGap = 2;  // between two columns

std::size_t total(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

// The widest column gives way first, and none further than its words; nullopt: that is not enough.
std::optional<std::vector<std::size_t>> narrowed(std::vector<std::size_t> widths,
                                                 const std::vector<std::size_t>& least,
                                                 std::size_t width) {
  while (total(widths) > width) {
    std::optional<std::size_t> widest;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (widths[i] > least[i] && (!widest || widths[i] > widths[*widest])) widest = i;
    }
    if (!widest) return std::nullopt;
    --widths[*widest];
  }
  return widths;
}

// What cells broken to these widths really take.
std::vector<std::size_t> used_by(const std::vector<Cells>& rows,
                                 const std::vector<std::size_t>& widths) {
  std::vector<std::size_t> used(widths.size());
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      for (const std::string& line : wrap(row[i], widths[i])) {
        used[i] = std::max(used[i], text_width(line));
      }
    }
  }
  return used;
}

std::string aligned(const Cells& row, const std::vector<std::size_t>& widths) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    cells.push_back(wrap(row[i], widths[i]));
    height = std::max(height, cells.back().size());
  }
  std::string out;
  for (std::size_t n = 0; n < height; ++n) {
    std::string line;
    std::size_t missing = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string text = n < cells[i].size() ? cells[i][n] : "";
      if (!text.empty()) {
        line.append(missing, ' ');
        line += text;
        missing = 0;
      }
      missing += widths[i] - text_width(text) + kGap;
    }
    out += line + "\n";
  }
  return out;
}

std::string render_records(const std::vector<Column>& columns, const json& items) {
  std::string out;
  for (const json& item : items) {
    if (!out.empty()) out += "\n";
    out += render_record(columns, item);
  }
  return out;
}

}  // namespace

std::string render_table(const std::vector<Column>& columns, const json& items, std::size_t width) {
  std::vector<Cells> rows(1);
  for (const Column& column : columns) rows[0].emplace_back(column.title);
  for (const json& item : items) {
    Cells& row = rows.emplace_back();
    for (const Column& column : columns) row.push_back(cell(column, item));
  }
  std::vector<std::size_t> widths(columns.size());
  std::vector<std::size_t> least(columns.size());
  for (const Cells& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], text_width(row[i]));
      least[i] = std::max(least[i], widest_word(row[i]));
    }
  }
  if (width > 0) {
    const auto fitting = narrowed(widths, least, width);
    if (!fitting) return render_records(columns, items);
    widths = used_by(rows, *fitting);
  }
  std::string out;
  for (const Cells& row : rows) out += aligned(row, widths);
  return out;
}

std::string render_record(const std::vector<Column>& columns, const json& item) {
  std::size_t widest = 0;
  for (const Column& column : columns) widest = std::max(widest, text_width(column.title));
  std::string out;
  for (const Column& column : columns) {
    out += std::string(column.title) + ":" +
           std::string(widest - text_width(column.title) + 1, ' ') + cell(column, item) + "\n";
  }
  return out;
}

}  // namespace rap::client
