// Metrics tokens in SQL.
#pragma once

#include "control/people/metrics_token.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlMetricsTokens final : public control::MetricsTokenRepository {
 public:
  explicit SqlMetricsTokens(SqlSession& sql) : sql_(sql) {}

  bool add(const control::MetricsToken& token, const crypto::Sha256& hash) override;
  std::vector<control::MetricsToken> list() override;
  std::optional<control::MetricsToken> find(const crypto::Sha256& hash) override;
  void note_use(const crypto::Sha256& hash, WallTime now) override;
  std::optional<control::MetricsToken> find_named(std::string_view name) override;
  void disable(std::string_view name, WallTime now) override;
  void enable(std::string_view name) override;
  bool remove(std::string_view name) override;
  bool make_room(WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
