#include "control/store/postgres/connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "base/encoding.hpp"
#include "base/try.hpp"

namespace rap::store {
namespace {

// Bounds of every connection: a server that hangs is a server that is away.
constexpr const char* kConnectTimeoutSeconds = "3";
constexpr const char* kTcpUserTimeoutMs = "10000";
constexpr const char* kServerOptions =
    "-c statement_timeout=5s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s "
    "-c client_min_messages=warning -c search_path=public -c timezone=UTC";

constexpr std::string_view kPlanOutdated = "0A000";

[[noreturn]] void mistake(const char* what, const char* value) {
  std::fprintf(stderr, "store: a column does not hold %s: '%.80s'\n", what, value);
  std::abort();
}

SqlError::Kind kind_of(std::string_view sqlstate) {
  if (sqlstate.empty()) return SqlError::Kind::unavailable;
  const std::string_view group = sqlstate.substr(0, 2);
  if (group == "08" || group == "53" || group == "57" || group == "58" || group == "28" ||
      sqlstate == "25006" || sqlstate == "25P03" || sqlstate == "3D000") {
    return SqlError::Kind::unavailable;
  }
  if (group == "40" || sqlstate == "55P03") return SqlError::Kind::serialization;
  if (group == "23") return SqlError::Kind::constraint;
  return SqlError::Kind::other;
}

std::string trimmed(const char* message) {
  std::string s = message ? message : "";
  while (s.ends_with('\n')) s.pop_back();
  return s;
}

SqlError error_of(const PGconn* conn, const PGresult* result) {
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  SqlError error;
  error.sqlstate = state ? state : "";
  error.message = trimmed(state ? PQresultErrorMessage(result) : PQerrorMessage(conn));
  error.kind =
      PQstatus(conn) == CONNECTION_BAD ? SqlError::Kind::unavailable : kind_of(error.sqlstate);
  return error;
}

bool succeeded(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

std::shared_ptr<PGresult> own(PGresult* result) { return {result, PQclear}; }

std::vector<const char*> values_of(const std::vector<Param>& params) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const Param& p : params) values.push_back(p ? p->c_str() : nullptr);
  return values;
}

}  // namespace

Param to_param(ByteView bytes) { return "\\x" + to_hex(bytes); }

bool Row::is_null(int column) const { return PQgetisnull(result_, row_, column) != 0; }

std::string Row::text(int column) const {
  return {PQgetvalue(result_, row_, column),
          static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

std::int64_t Row::integer(int column) const {
  const std::string value = text(column);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc{} || end != value.data() + value.size()) {
    mistake("an integer", value.c_str());
  }
  return out;
}

bool Row::boolean(int column) const {
  const std::string value = text(column);
  if (value != "t" && value != "f") mistake("a boolean", value.c_str());
  return value == "t";
}

std::optional<WallTime> Row::maybe_time(int column) const {
  return is_null(column) ? std::nullopt : std::optional(time(column));
}

std::optional<std::string> Row::maybe_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional(text(column));
}

Bytes Row::bytes(int column) const {
  const std::string value = text(column);
  auto raw = value.starts_with("\\x") ? from_hex(std::string_view(value).substr(2)) : std::nullopt;
  if (!raw) mistake("bytes", value.c_str());
  return *raw;
}

std::array<std::uint8_t, 32> Row::bytes32(int column) const {
  const Bytes raw = bytes(column);
  std::array<std::uint8_t, 32> out{};
  if (raw.size() != out.size()) mistake("32 bytes", text(column).c_str());
  std::copy(raw.begin(), raw.end(), out.begin());
  return out;
}

std::array<std::uint8_t, 16> Row::uuid(int column) const {
  const auto parsed = parse_uuid(text(column));
  if (!parsed) mistake("a uuid", text(column).c_str());
  return *parsed;
}

int Rows::size() const { return result_ ? PQntuples(result_.get()) : 0; }

std::uint64_t Rows::affected() const {
  const std::string_view text = result_ ? PQcmdTuples(result_.get()) : "";
  std::uint64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

std::expected<Connection, SqlError> Connection::open(const std::string& conninfo,
                                                     const std::string& user) {
  // With expand_dbname the first value is read as a conninfo; what follows it overrides it.
  const std::array keywords = {"dbname",          "user",
                               "connect_timeout", "tcp_user_timeout",
                               "options",         "application_name",
                               "client_encoding", static_cast<const char*>(nullptr)};
  const std::array values = {conninfo.c_str(),
                             user.c_str(),
                             kConnectTimeoutSeconds,
                             kTcpUserTimeoutMs,
                             kServerOptions,
                             "rap-control",
                             "UTF8",
                             static_cast<const char*>(nullptr)};
  std::shared_ptr<PGconn> conn(PQconnectdbParams(keywords.data(), values.data(), 1), PQfinish);
  if (!conn || PQstatus(conn.get()) != CONNECTION_OK) {
    return std::unexpected(SqlError{SqlError::Kind::unavailable, "",
                                    conn ? trimmed(PQerrorMessage(conn.get())) : "out of memory"});
  }
  return Connection(std::move(conn));
}

std::expected<Rows, SqlError> Connection::query(std::string_view sql,
                                                const std::vector<Param>& params) {
  auto result = RAP_TRY(finish(send(sql, values_of(params))));
  return Rows(std::move(result));
}

void Connection::ahead_of_next(std::string_view sql, std::vector<Param> params) {
  ahead_.push_back({std::string(sql), std::move(params)});
}

std::expected<void, SqlError> Connection::script(const std::string& sql) {
  if (!ahead_.empty()) {  // not all of it: the last becomes the query
    const Statement last = std::move(ahead_.back());
    ahead_.pop_back();
    RAP_TRY(query(last.sql, last.params));
  }
  RAP_TRY(finish(read_the_end() && PQsendQuery(conn_.get(), sql.c_str()) == 1));
  return {};
}

void Connection::begin() {
  (void)read_the_end();  // or the first statement finds out
  has_begun_ = false;
  ahead_.clear();
  ahead_of_next("BEGIN", {});
}

std::expected<void, SqlError> Connection::commit() {
  if (has_begun_) ahead_.clear();  // nothing comes after it
  return script("COMMIT");
}

std::expected<void, SqlError> Connection::roll_back() {
  if (!has_begun_) return script("ROLLBACK");
  ahead_.clear();
  rolling_back_ = PQsendQuery(conn_.get(), "ROLLBACK") == 1;
  if (!rolling_back_) give_up();
  return {};
}

bool Connection::read_the_end() {
  return !std::exchange(rolling_back_, false) || finish(true).has_value();
}

bool Connection::send(std::string_view sql, const Values& values) {
  if (!read_the_end()) return false;
  const auto known = prepared_.find(sql);
  if (!ahead_.empty() || known == prepared_.end()) return send_piped(sql, values);
  return PQsendQueryPrepared(conn_.get(), known->second.c_str(), static_cast<int>(values.size()),
                             values.data(), nullptr, nullptr, 0) == 1;
}

// Sends what goes ahead and the statement in one round trip.
bool Connection::send_piped(std::string_view sql, const Values& values) {
  bool sent = PQenterPipelineMode(conn_.get()) == 1;
  for (const Statement& s : std::exchange(ahead_, {})) {
    sent = sent && send_in_pipeline(s.sql, values_of(s.params));
  }
  sent = sent && send_in_pipeline(sql, values) && PQpipelineSync(conn_.get()) == 1;
  if (!sent) give_up();  // half a pipeline is none
  return sent;
}

// Sends the statement, and at its first time what prepares it.
bool Connection::send_in_pipeline(std::string_view sql, const Values& values) {
  const int count = static_cast<int>(values.size());
  const std::string text(sql);
  std::string name;
  if (const auto kept = prepared_.find(sql); kept != prepared_.end()) {
    name = kept->second;
  } else if (const auto now = std::ranges::find(piped_, text, &Piped::sql); now != piped_.end()) {
    name = now->name;
  } else if (named_ < kMaxPreparedStatements) {
    name = "s" + std::to_string(named_++);
    piped_.push_back({text, name});
    if (PQsendPrepare(conn_.get(), name.c_str(), text.c_str(), count, nullptr) != 1) return false;
  }
  piped_.emplace_back();
  const char* const* given = values.data();
  return name.empty() ? PQsendQueryParams(conn_.get(), text.c_str(), count, nullptr, given, nullptr,
                                          nullptr, 0) == 1
                      : PQsendQueryPrepared(conn_.get(), name.c_str(), count, given, nullptr,
                                            nullptr, 0) == 1;
}

// The answer to what was sent: the last result, or the first that is an error.
std::expected<std::shared_ptr<pg_result>, SqlError> Connection::finish(bool sent) {
  const std::vector<Piped> piped = std::exchange(piped_, {});
  if (!sent) return std::unexpected(error_of(conn_.get(), nullptr));
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  std::shared_ptr<PGresult> kept;
  for (std::size_t part = 0;;) {
    RAP_TRY(wait_for_result(deadline));
    auto next = own(PQgetResult(conn_.get()));
    if (!next && !piped.empty() && PQstatus(conn_.get()) == CONNECTION_OK) {
      continue;  // the end of a part
    }
    if (!next || PQresultStatus(next.get()) == PGRES_PIPELINE_SYNC) break;
    if (PQresultStatus(next.get()) == PGRES_PIPELINE_ABORTED) continue;
    if (succeeded(next.get())) {
      has_begun_ = true;
      // The server keeps it from here on, whatever becomes of carrying it out.
      if (part < piped.size() && !piped[part].name.empty()) {
        prepared_.emplace(piped[part].sql, piped[part].name);
      }
      ++part;
    }
    if (!kept || succeeded(kept.get())) kept = std::move(next);
  }
  if (!piped.empty() && PQexitPipelineMode(conn_.get()) == 0) return std::unexpected(give_up());
  if (kept && succeeded(kept.get())) return kept;
  auto error = error_of(conn_.get(), kept.get());
  // Tables have changed under a statement that is kept: a new connection learns it anew.
  if (error.sqlstate == kPlanOutdated) {
    give_up();
    error.kind = SqlError::Kind::serialization;
  }
  return std::unexpected(std::move(error));
}

// Waits until PQgetResult has something to say without blocking.
std::expected<void, SqlError> Connection::wait_for_result(
    std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const int unsent = PQflush(conn_.get());
    if (unsent == 0 && PQisBusy(conn_.get()) == 0) return {};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::unexpected(give_up());
    pollfd wanted{PQsocket(conn_.get()), static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0)),
                  0};
    if (poll(&wanted, 1, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      return std::unexpected(give_up());
    }
    if (PQconsumeInput(conn_.get()) == 0) return std::unexpected(error_of(conn_.get(), nullptr));
  }
}

std::expected<std::vector<std::string>, SqlError> Connection::notifications(
    std::chrono::milliseconds wait) {
  std::vector<std::string> out;
  const auto take = [&] {
    while (const std::shared_ptr<PGnotify> told{PQnotifies(conn_.get()), PQfreemem}) {
      out.emplace_back(told->extra);
    }
  };
  take();  // what came along with an answer
  if (!out.empty()) return out;
  pollfd wanted{PQsocket(conn_.get()), POLLIN, 0};
  if (poll(&wanted, 1, static_cast<int>(wait.count())) > 0 && PQconsumeInput(conn_.get()) == 0) {
    return std::unexpected(error_of(conn_.get(), nullptr));
  }
  take();
  return out;
}

SqlError Connection::give_up() {
  given_up_ = true;
  return {SqlError::Kind::unavailable, "", "the database did not answer in time"};
}

bool Connection::broken() const { return given_up_ || PQstatus(conn_.get()) != CONNECTION_OK; }

bool Connection::in_transaction() const {
  return !rolling_back_ && PQtransactionStatus(conn_.get()) != PQTRANS_IDLE;
}

}  // namespace rap::store
