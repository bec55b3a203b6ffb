// Devices in SQL.
#pragma once

#include <string_view>

#include "control/people/device.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

// The condition for devices d, whose blocklist is that of the transaction's cluster; $1 is now.
inline constexpr std::string_view kDeviceIsBlocked =
    "EXISTS (SELECT FROM server_blocklist_changes b WHERE b.kind = 'device' "
    "AND b.value = d.id::text AND b.action = 'add' "
    "AND (b.expires_at IS NULL OR b.expires_at > $1))";

class SqlDevices final : public control::DeviceRepository {
 public:
  explicit SqlDevices(SqlSession& sql) : sql_(sql) {}

  control::SeenDevice see(UserId user, const control::SignInDevice& device, WallTime now,
                          bool approve_new) override;
  bool is_known(UserId user, DeviceId device, WallTime now) override;
  std::vector<control::Device> list(std::optional<UserId> user, WallTime now) override;
  std::vector<control::Device> find_locked(DeviceId device, WallTime now) override;
  bool use_proof(TokenId proof, WallTime until, bool alone) override;
  void forget_proofs(WallTime now) override;
  void lock(DeviceId device) override;
  bool approve(UserId user, DeviceId device, WallTime now) override;
  bool remove(UserId user, DeviceId device) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
