#include "control/store/postgres/sql_session.hpp"

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
  if (!fault_) store::set_scope(connection_, scope);
}

void set_scope(Connection& connection, const control::Scope& scope) {
  using Kind = control::Scope::Kind;
  std::string name;
  std::string organization;
  std::string user;
  const std::string cluster = scope.cluster_id ? scope.cluster_id->str() : "";
  switch (scope.kind) {
    case Kind::platform: name = "platform"; break;
    case Kind::cluster: name = "cluster"; break;
    case Kind::organization:
      name = "organization";
      organization = scope.organization_id.str();
      break;
    case Kind::user:
      name = "user";
      user = scope.user_id.str();
      break;
  }
  connection.ahead_of_next(
      "SELECT set_config('rap.scope', $1, true), set_config('rap.organization_id', $2, true), "
      "set_config('rap.user_id', $3, true), set_config('rap.cluster_id', $4, true)",
      {std::move(name), std::move(organization), std::move(user), cluster});
}

}  // namespace rap::store
