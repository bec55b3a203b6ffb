// One connection to PostgreSQL over libpq, and its results, as resources with errors as values.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

struct pg_conn;
struct pg_result;

namespace rap::store {

struct SqlError {
  enum class Kind : std::uint8_t {
    unavailable,    // no connection, or a server that is going away or out of room
    serialization,  // lost a race or a deadlock: worth another try
    constraint,     // a unique, foreign key or check constraint refused it
    other,
  };
  Kind kind = Kind::other;
  std::string sqlstate;  // empty when the server did not answer
  std::string message;
};

// A parameter in text form; nullopt is NULL.
using Param = std::optional<std::string>;
inline Param to_param(std::string_view s) { return std::string(s); }
inline Param to_param(const char* s) { return std::string(s); }
inline Param to_param(const std::string& s) { return s; }
inline Param to_param(bool b) { return b ? "true" : "false"; }
template <class T>
  requires(std::integral<T> && !std::same_as<T, bool>)
Param to_param(T v) {
  return std::to_string(v);
}
inline Param to_param(WallTime t) { return std::to_string(to_unix(t)); }
template <class Tag>
Param to_param(const Id<Tag>& id) {
  return id.str();
}
Param to_param(ByteView bytes);  // bytea
template <std::size_t N>
Param to_param(const std::array<std::uint8_t, N>& bytes) {
  return to_param(ByteView(bytes));
}
template <class T>
Param to_param(const std::optional<T>& v) {
  return v ? to_param(*v) : std::nullopt;
}

// One row of a result; valid while the Rows it came from lives. A column of a type other than the
// asked one is a mistake in the statement, so it ends the program.
class Row {
 public:
  Row(const pg_result* result, int row) : result_(result), row_(row) {}

  bool is_null(int column) const;
  std::string text(int column) const;  // NULL is ""
  std::int64_t integer(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  bool boolean(int column) const;
  WallTime time(int column) const { return from_unix(integer(column)); }
  std::optional<WallTime> maybe_time(int column) const;
  std::optional<std::string> maybe_text(int column) const;
  Bytes bytes(int column) const;
  std::array<std::uint8_t, 32> bytes32(int column) const;
  template <class Id>
  Id id(int column) const {
    return Id(uuid(column));
  }
  template <class Id>
  std::optional<Id> maybe_id(int column) const {
    return is_null(column) ? std::nullopt : std::optional(id<Id>(column));
  }

 private:
  std::array<std::uint8_t, 16> uuid(int column) const;
  const pg_result* result_;
  int row_;
};

class Rows {
 public:
  Rows() = default;  // none
  explicit Rows(std::shared_ptr<pg_result> result) : result_(std::move(result)) {}

  int size() const;
  bool empty() const { return size() == 0; }
  Row operator[](int i) const { return {result_.get(), i}; }
  std::uint64_t affected() const;

  class Iterator {
   public:
    Iterator(const Rows* rows, int i) : rows_(rows), i_(i) {}
    Row operator*() const { return (*rows_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Rows* rows_;
    int i_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  std::shared_ptr<pg_result> result_;
};

inline constexpr std::chrono::milliseconds kStatementPatience{6000};
// A connection keeps so many; a statement beyond them is parsed and planned at every use.
inline constexpr std::size_t kMaxPreparedStatements = 512;

// A connection does nothing before it must: what begins a transaction travels with its first
// statement, and nobody waits for the end of one that is rolled back.
class Connection {
 public:
  // `conninfo` as libpq takes it (key=value pairs or a URI); `user` overrides the one in it.
  static std::expected<Connection, SqlError> open(const std::string& conninfo,
                                                  const std::string& user);

  // One statement. What it means is worked out by the server at its first use on this connection
  // and kept, so `sql` is one of a fixed set and never has values in it.
  std::expected<Rows, SqlError> query(std::string_view sql, const std::vector<Param>& params);
  // Goes ahead of the next query in the same round trip; if it fails, that query does. `sql` as
  // there.
  void ahead_of_next(std::string_view sql, std::vector<Param> params);
  // Several statements without parameters, after what is to go ahead of them.
  std::expected<void, SqlError> script(const std::string& sql);

  // A transaction, up to commit() or roll_back().
  void begin();
  std::expected<void, SqlError> commit();
  std::expected<void, SqlError> roll_back();
  // Whether the server has done anything since begin().
  bool has_begun() const { return has_begun_; }

  // What was announced since the last call, once LISTEN was said. Waits for the first, not longer.
  std::expected<std::vector<std::string>, SqlError> notifications(std::chrono::milliseconds wait);

  // How long a statement may take before the server counts as away (and the connection is given
  // up): a stopped server never answers, and a thread must not wait for it forever.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

  bool broken() const;  // the server is gone: open another
  bool in_transaction() const;

 private:
  struct Statement {
    std::string sql;
    std::vector<Param> params;
  };

  explicit Connection(std::shared_ptr<pg_conn> conn) : conn_(std::move(conn)) {}
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };

  using Values = std::vector<const char*>;
  bool send(std::string_view sql, const Values& values);
  bool send_piped(std::string_view sql, const Values& values);
  bool send_in_pipeline(std::string_view sql, const Values& values);
  bool read_the_end();
  std::expected<std::shared_ptr<pg_result>, SqlError> finish(bool sent);
  std::expected<void, SqlError> wait_for_result(std::chrono::steady_clock::time_point deadline);
  SqlError give_up();

  std::shared_ptr<pg_conn> conn_;
  // The names that statements are kept under by the server.
  std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> prepared_;
  std::vector<Statement> ahead_;
  // What the results of a pipeline are about, in their order: a statement that is kept from then
  // on, or, without a name, one that was carried out.
  struct Piped {
    std::string sql;
    std::string name;
  };
  std::vector<Piped> piped_;
  std::size_t named_ = 0;
  std::chrono::milliseconds patience_ = kStatementPatience;
  bool rolling_back_ = false;  // and the answer is still to be read
  bool has_begun_ = false;
  bool given_up_ = false;
};

}  // namespace rap::store
