// control/security_repository.hpp in SQL.
#pragma once

#include "control/security_repository.hpp"
#include "store/repositories.hpp"

namespace rap::store {

class SqlSecurity final : public control::SecurityRepository {
 public:
  explicit SqlSecurity(SqlSession& sql) : sql_(sql) {}

  std::uint64_t auth_epoch(UserId user) override;
  std::uint64_t bump_auth_epoch(UserId user, WallTime now) override;
  bool add_to_blacklist(const control::BlacklistEntry& entry) override;
  bool remove_from_blacklist(policy::BlacklistKind kind, std::string_view value,
                             WallTime now) override;
  std::vector<control::BlacklistEntry> blacklist(WallTime now) override;
  std::optional<policy::BlacklistKind> find_blacklisted(const control::Visitor& visitor,
                                                        WallTime now) override;
  void forget_old_changes(WallTime now) override;
  std::vector<snapshot::EpochChange> epoch_changes(std::uint64_t since, std::size_t limit) override;
  std::vector<snapshot::BlacklistChange> blacklist_changes(std::uint64_t since,
                                                           std::size_t limit) override;
  control::DeltaExtent extent(snapshot::DeltaStream stream) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
