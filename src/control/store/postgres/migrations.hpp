// Numbered SQL migrations, embedded from migrations/NNNN_name.sql when the program is built.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "control/store/postgres/connection.hpp"

namespace rap::store {

struct Migration {
  int version;
  std::string_view name;
  std::string_view sql;
};

// They are in order, without a gap.
const std::vector<Migration>& embedded_migrations();

// Applies what is missing, each in one transaction together with its line in schema_migrations. One
// runner at a time. Refuses a database whose applied migrations differ from these, or are newer.
// The error is a sentence. Returns how many were applied.
std::expected<int, SqlError> migrate(Connection& owner, const std::vector<Migration>& migrations);

}  // namespace rap::store
