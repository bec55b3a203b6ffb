// The blocklist in SQL.
#pragma once

#include "control/access/blocklist.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlBlocklist final : public control::BlocklistRepository {
 public:
  explicit SqlBlocklist(SqlSession& sql) : sql_(sql) {}

  bool add(const control::BlocklistEntry& entry) override;
  bool remove(policy::BlocklistKind kind, std::string_view value, WallTime now) override;
  std::vector<control::BlocklistEntry> list(WallTime now) override;
  std::optional<policy::BlocklistKind> find(const control::Visitor& visitor, WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
