// Signed-in bearers in SQL.
#pragma once

#include "control/people/bearer.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlBearers final : public control::BearerRepository {
 public:
  explicit SqlBearers(SqlSession& sql) : sql_(sql) {}

  void add(const control::NewBearer& bearer, std::size_t max_per_user) override;
  std::optional<control::FoundBearer> find(const crypto::Sha256& token, WallTime now) override;
  std::vector<std::string> sources(UserId user, WallTime now) override;
  void remove(const crypto::Sha256& token) override;
  std::size_t end_all(UserId user, control::SignInEnd because,
                      std::optional<crypto::Sha256> kept) override;
  std::size_t end_of_device(DeviceId device, control::SignInEnd because,
                            std::optional<UserId> user) override;
  void purge_expired(WallTime now) override;

 private:
  void forget_ended(UserId user);

  SqlSession& sql_;
};

}  // namespace rap::store
