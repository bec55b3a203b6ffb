// Join tokens in SQL.
#pragma once

#include "control/nodes/enrolment/issued_join_token.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlJoinTokens final : public control::JoinTokenRepository {
 public:
  explicit SqlJoinTokens(SqlSession& sql) : sql_(sql) {}

  void add(const control::IssuedJoinToken& token) override;
  std::vector<control::IssuedJoinToken> list() override;
  std::optional<control::IssuedJoinToken> find_and_lock(NodeId node,
                                                        const crypto::Sha256& secret) override;
  std::optional<control::IssuedJoinToken> find_and_lock(JoinTokenId token) override;
  void withdraw(JoinTokenId token, WallTime now) override;
  void use(JoinTokenId token, WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
