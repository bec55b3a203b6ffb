#include "store/sql_session.hpp"

namespace rap::store {

Rows SqlSession::query_params(std::string_view sql, const std::vector<Param>& params) {
  if (fault_) return {};
  ++statements_;
  auto rows = connection_.query(sql, params);
  if (!rows) {
    fault_ = std::move(rows.error());
    return {};
  }
  return std::move(*rows);
}

void SqlSession::set_scope(const control::Scope& scope) {
  scope_ = scope;
  if (fault_) return;
  if (auto ok = connection_.script(scope_statement(scope)); !ok) fault_ = std::move(ok.error());
}

std::string scope_statement(const control::Scope& scope) {
  using Kind = control::Scope::Kind;
  std::string name;
  std::string organization;
  std::string user;
  switch (scope.kind) {
    case Kind::platform: name = "platform"; break;
    case Kind::organization:
      name = "organization";
      organization = scope.organization_id.str();
      break;
    case Kind::user:
      name = "user";
      user = scope.user_id.str();
      break;
  }
  // Names and UUIDs only: nothing here needs quoting.
  return "SELECT set_config('rap.scope', '" + name +
         "', true), set_config('rap.organization_id', '" + organization +
         "', true), set_config('rap.user_id', '" + user + "', true)";
}

}  // namespace rap::store
