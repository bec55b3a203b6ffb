// The inventory of certificates (PK-6) and what was revoked (CH-13) in SQL.
#pragma once

#include "control/pki/certificate_inventory.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlCertificates final : public control::CertificateRepository {
 public:
  explicit SqlCertificates(SqlSession& sql) : sql_(sql) {}

  void add(const control::NodeCertificate& certificate) override;
  std::optional<control::NodeCertificate> find_usable(NodeId node,
                                                      std::string_view serial) override;
  std::vector<control::NodeCertificate> find(std::string_view serial) override;
  std::vector<control::NodeCertificate> list() override;
  std::vector<control::NodeCertificate> list_of_node(NodeId node) override;
  void retire_others(NodeId node, std::string_view serial) override;
  void retire(std::string_view serial) override;
  void revoke(NodeId node, std::optional<std::string_view> serial, WallTime now) override;
  void hold(NodeId node, WallTime now) override;
  void release(NodeId node) override;
  void add_revocation(const control::RevocationEntry& entry) override;
  std::size_t count_revocations(WallTime now) override;
  bool is_listed_as_revoked(const control::NodeCertificate& certificate) override;
  std::vector<control::RevokedCertificate> revoked(Met met, WallTime after,
                                                   std::size_t limit) override;
  std::optional<std::string> status_version() override;
  void expire(WallTime now) override;

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
