// Devices in SQL.
#pragma once

#include "control/people/device.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlDevices final : public control::DeviceRepository {
 public:
  explicit SqlDevices(SqlSession& sql) : sql_(sql) {}

  control::SeenDevice see(UserId user, const control::SignInDevice& device, WallTime now,
                          bool approve_new) override;
  std::vector<control::Device> list(std::optional<UserId> user, WallTime now) override;
  std::vector<control::Device> find(DeviceId device, WallTime now) override;
  void approve(DeviceId device, WallTime now) override;
  bool remove(UserId user, DeviceId device) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
