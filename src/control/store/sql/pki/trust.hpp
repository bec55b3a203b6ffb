// The rotations of trust and the bundles they went through, in SQL.
#pragma once

#include "control/pki/rotation/trust_state.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlTrust final : public control::TrustRepository {
 public:
  explicit SqlTrust(SqlSession& sql) : sql_(sql) {}

  control::TrustState lock_state() override;
  void set_state(const control::TrustState& state) override;
  control::TokenKeyState token_keys() override;
  void set_token_keys(const control::TokenKeyState& state) override;
  void add_bundle(const control::StoredBundle& bundle, WallTime now) override;
  std::vector<control::StoredBundle> bundles() override;
  std::size_t count_nodes() override;
  std::vector<control::LateNode> nodes_behind(std::uint64_t config_version,
                                              std::size_t limit) override;
  std::vector<control::LateNode> nodes_under_another_root(std::string_view ca_ref,
                                                          std::size_t limit) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
