// control/security_repository.hpp in SQL.
#pragma once

#include "control/core/security_repository.hpp"
#include "control/store/sql/repositories.hpp"

namespace rap::store {

class SqlSecurity final : public control::SecurityRepository {
 public:
  explicit SqlSecurity(SqlSession& sql) : sql_(sql) {}

  std::uint64_t auth_epoch(UserId user) override;
  std::uint64_t bump_auth_epoch(UserId user, WallTime now) override;
  bool add_to_blocklist(const control::BlocklistEntry& entry) override;
  bool remove_from_blocklist(policy::BlocklistKind kind, std::string_view value,
                             WallTime now) override;
  std::vector<control::BlocklistEntry> blocklist(WallTime now) override;
  std::optional<policy::BlocklistKind> find_blocklisted(const control::Visitor& visitor,
                                                        WallTime now) override;
  void forget_old_changes(WallTime now) override;
  std::vector<snapshot::EpochChange> epoch_changes(std::uint64_t since, std::size_t limit) override;
  std::vector<snapshot::BlocklistChange> blocklist_changes(std::uint64_t since,
                                                           std::size_t limit) override;
  control::DeltaExtent extent(snapshot::DeltaStream stream) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
