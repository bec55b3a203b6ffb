// One prepared statement of SQLite, stepped and read; for the .cpp files of this layer.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rap::node_store {

class Statement {
 public:
  Statement(sqlite3* db, const char* sql) : code_(sqlite3_prepare_v2(db, sql, -1, &s_, nullptr)) {}
  ~Statement() { sqlite3_finalize(s_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text) {
    return bound(sqlite3_bind_text(s_, ++column_, text.data(), static_cast<int>(text.size()),
                                   SQLITE_TRANSIENT));
  }
  Statement& bind(std::int64_t number) { return bound(sqlite3_bind_int64(s_, ++column_, number)); }
  Statement& bind(std::uint64_t number) { return bind(static_cast<std::int64_t>(number)); }
  Statement& bind(std::optional<std::int64_t> number) {
    return number ? bind(*number) : bound(sqlite3_bind_null(s_, ++column_));
  }

  // SQLITE_ROW, SQLITE_DONE, or what went wrong.
  int step() { return code_ == SQLITE_OK ? sqlite3_step(s_) : code_; }
  // Runs it to its end and makes it ready for another set of values. SQLITE_DONE when all is well.
  int run() {
    const int code = step();
    if (s_ != nullptr) sqlite3_reset(s_);
    column_ = 0;
    return code;
  }

  std::string text(int column) const {
    const auto* bytes = sqlite3_column_text(s_, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s_, column));
    return bytes == nullptr ? std::string()
                            : std::string(reinterpret_cast<const char*>(bytes), size);
  }
  std::int64_t integer(int column) const { return sqlite3_column_int64(s_, column); }
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  bool is_null(int column) const { return sqlite3_column_type(s_, column) == SQLITE_NULL; }

 private:
  Statement& bound(int code) {
    if (code_ == SQLITE_OK) code_ = code;
    return *this;
  }

  sqlite3_stmt* s_ = nullptr;
  int code_;
  int column_ = 0;
};

}  // namespace rap::node_store
