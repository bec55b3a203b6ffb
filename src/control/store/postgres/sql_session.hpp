// One transaction in progress, as the repositories see it: a statement that fails dooms it, every
// later statement yields no rows, and whoever ends the transaction asks for the fault.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "control/core/database.hpp"
#include "control/store/postgres/connection.hpp"

namespace rap::store {

class SqlSession {
 public:
  SqlSession(Connection& connection, const control::Scope& scope) : connection_(connection) {
    set_scope(scope);
  }

  template <class... Args>
  Rows query(std::string_view sql, const Args&... args) {
    return query_params(sql, {to_param(args)...});
  }
  Rows query_params(std::string_view sql, const std::vector<Param>& params);

  const std::optional<SqlError>& fault() const { return fault_; }
  std::uint64_t statements() const { return statements_; }  // so far
  void doom(SqlError error) { fault_ = std::move(error); }

  const control::Scope& scope() const { return scope_; }
  void set_scope(const control::Scope& scope);

 private:
  Connection& connection_;
  control::Scope scope_;
  std::optional<SqlError> fault_;
  std::uint64_t statements_ = 0;
};

// The settings that the policies read, up to the end of the transaction; goes with its next
// statement.
void set_scope(Connection& connection, const control::Scope& scope);

}  // namespace rap::store
