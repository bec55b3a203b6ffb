// What is signed once for all who ask, in SQL.
#pragma once

#include "control/pki/status/publication.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlPublications final : public control::PublicationRepository {
 public:
  explicit SqlPublications(SqlSession& sql) : sql_(sql) {}

  std::optional<control::Publication> find(std::string_view name, std::uint64_t but_not) override;
  control::Publication lock(std::string_view name) override;
  void put(const control::Publication& publication) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
