// The repositories of control/repositories.hpp in SQL; one .cpp a concept.
#pragma once

#include "control/core/repositories.hpp"
#include "control/store/postgres/sql_session.hpp"

namespace rap::store {

class SqlUsers final : public control::UserRepository {
 public:
  explicit SqlUsers(SqlSession& sql) : sql_(sql) {}

  bool create(const control::User& user, const std::string& password_hash) override;
  std::optional<control::User> find(std::string_view email) override;
  std::optional<control::Credentials> credentials(std::string_view email) override;
  std::vector<control::User> list() override;
  std::size_t count_platform_owners() override;
  void disable(UserId user, WallTime now) override;

 private:
  SqlSession& sql_;
};

class SqlBearers final : public control::BearerRepository {
 public:
  explicit SqlBearers(SqlSession& sql) : sql_(sql) {}

  void add(const crypto::Sha256& token, UserId user, std::string_view source_ip, WallTime now,
           WallTime expires_at, std::size_t max_per_user) override;
  std::optional<control::User> find(const crypto::Sha256& token, WallTime now) override;
  void remove(const crypto::Sha256& token) override;
  void purge_expired(WallTime now) override;

 private:
  SqlSession& sql_;
};

class SqlOrganizations final : public control::OrganizationRepository {
 public:
  explicit SqlOrganizations(SqlSession& sql) : sql_(sql) {}

  bool create(const control::Organization& organization) override;
  std::optional<control::Organization> find(std::string_view key) override;
  std::vector<control::Organization> list() override;
  policy::OrganizationRole role_of(OrganizationId organization, UserId user) override;
  std::vector<control::Membership> memberships(UserId user) override;
  std::vector<control::Member> members(OrganizationId organization) override;
  std::optional<control::Member> member(OrganizationId organization,
                                        std::string_view email) override;
  void put_member(OrganizationId organization, UserId user, policy::OrganizationRole role,
                  WallTime now) override;
  void remove_member(OrganizationId organization, UserId user) override;

 private:
  SqlSession& sql_;
};

class SqlResources final : public control::ResourceRepository {
 public:
  explicit SqlResources(SqlSession& sql) : sql_(sql) {}

  bool create_pool(const control::EgressPool& pool) override;
  std::optional<control::EgressPool> find_pool(OrganizationId organization,
                                               std::string_view key) override;
  std::vector<control::EgressPool> list_pools(OrganizationId organization) override;
  bool add_pool_node(const control::EgressPool& pool, NodeId node) override;
  bool pool_has_egress(EgressPoolId pool) override;
  bool create(const control::Resource& resource) override;
  std::optional<control::Resource> find(OrganizationId organization, std::string_view key) override;
  std::vector<control::Resource> list(OrganizationId organization) override;
  std::vector<control::Resource> list_granted(OrganizationId organization, UserId user) override;
  std::vector<control::Resource> find_granted(UserId user, std::string_view key) override;
  void remove(const control::Resource& resource) override;
  bool is_granted(ResourceId resource, UserId user) override;
  bool add_grant(const control::Resource& resource, UserId user, WallTime now) override;
  bool remove_grant(const control::Resource& resource, UserId user) override;
  std::vector<control::Grant> grants(const control::Resource& resource) override;

 private:
  SqlSession& sql_;
};

class SqlNodes final : public control::NodeRepository {
 public:
  explicit SqlNodes(SqlSession& sql) : sql_(sql) {}

  bool create(const control::Node& node) override;
  std::optional<control::Node> find(std::string_view key) override;
  std::vector<bool> admitted_among(const std::vector<control::NodeCall>& calls) override;
  std::optional<std::pair<control::Node, control::NodeAdmission>> admit(
      NodeId node, std::string_view serial) override;
  std::vector<control::Node> list() override;
  void set_state(NodeId node, control::NodeState state, WallTime now) override;
  void set_roles(NodeId node, const std::vector<policy::NodeRole>& roles) override;
  void adopt(const control::Enrolment& enrolment) override;
  void set_draining(NodeId node, bool draining, std::optional<WallTime> deadline) override;
  control::RouteEpochs require_current_routes() override;
  void add_join_token(const control::JoinToken& token) override;
  std::vector<control::JoinToken> list_join_tokens() override;
  std::optional<control::JoinToken> find_join_token(NodeId node,
                                                    const crypto::Sha256& secret) override;
  void use_join_token(JoinTokenId token, WallTime now) override;
  void create_enrolment(const control::Enrolment& enrolment) override;
  std::optional<control::Enrolment> find_enrolment(std::string_view id) override;
  std::optional<control::Enrolment> enrolment_of(JoinTokenId token) override;
  std::vector<control::Enrolment> list_enrolments(
      std::optional<control::EnrolmentState> state) override;
  void decide_enrolment(const control::Enrolment& enrolment, UserId by) override;
  std::vector<control::Node> entries() override;
  void create_cluster(ClusterId cluster, WallTime now) override;
  ClusterId cluster() override;
  std::uint64_t config_version() override;
  std::optional<control::Horizon> horizon() override;
  std::vector<control::AdmissionChange> admission_changes(std::uint64_t since,
                                                          std::size_t limit) override;
  snapshot::ClusterModel cluster_model(WallTime now) override;
  void record_check_in(const control::Node& node, WallTime now) override;
  void record_acks(const std::vector<control::ConfigAck>& acks, WallTime now) override;
  void record_config_error(NodeId node, std::string_view error, WallTime now) override;

 private:
  SqlSession& sql_;
};

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
  void revoke(NodeId node, std::optional<std::string_view> serial, WallTime now) override;
  void add_revocation(const control::RevocationEntry& entry) override;
  std::size_t count_revocations(WallTime now) override;
  std::vector<control::RevokedCertificate> revoked(std::optional<control::CertificateKind> kind,
                                                   WallTime after, std::size_t limit) override;
  void expire(WallTime now) override;

 private:
  SqlSession& sql_;
};

class SqlPublications final : public control::PublicationRepository {
 public:
  explicit SqlPublications(SqlSession& sql) : sql_(sql) {}

  std::optional<control::Publication> find(std::string_view name, std::uint64_t but_not) override;
  control::Publication lock(std::string_view name) override;
  void put(const control::Publication& publication) override;

 private:
  SqlSession& sql_;
};

class SqlTrust final : public control::TrustRepository {
 public:
  explicit SqlTrust(SqlSession& sql) : sql_(sql) {}

  control::TrustState state() override;
  void set_state(const control::TrustState& state) override;
  control::TokenKeyState token_keys() override;
  void set_token_keys(const control::TokenKeyState& state) override;
  void add_bundle(const control::StoredBundle& bundle, WallTime now) override;
  std::vector<control::StoredBundle> bundles() override;

 private:
  SqlSession& sql_;
};

class SqlSessions final : public control::SessionRepository {
 public:
  explicit SqlSessions(SqlSession& sql) : sql_(sql) {}

  void create(const control::Session& session) override;
  std::optional<control::Session> find(SessionId session) override;
  std::vector<control::Session> list_of_user(UserId user) override;
  std::vector<control::Session> list_of_organization(OrganizationId organization) override;
  void add_attachment(const control::Session& session, AttachmentId attachment,
                      std::string_view source_ip, WallTime now) override;
  std::vector<control::Session> terminate(const control::SessionFilter& filter,
                                          std::string_view because, WallTime now) override;
  std::vector<SessionId> older_than(control::SessionState state, WallTime before) override;
  std::vector<SessionId> record_presence(NodeId node,
                                         const std::vector<control::SessionPresence>& carried,
                                         WallTime now) override;
  void forget_presence_before(WallTime before) override;
  void settle_states(WallTime now) override;
  void settle_states(const std::vector<SessionId>& among, WallTime now) override;
  std::vector<SessionId> ended_among(const std::vector<SessionId>& sessions) override;
  void command_termination(NodeId node, SessionId session, control::CommandId id, WallTime now,
                           WallTime not_since) override;
  std::vector<NodeId> edge_nodes() override;
  std::uint64_t last_command(NodeId node) override;
  std::vector<control::NodeCommand> commands_since(NodeId node, std::uint64_t seq,
                                                   std::size_t limit) override;
  bool finish_command(NodeId node, std::string_view id, bool ok, std::string_view detail,
                      WallTime now) override;
  void purge_commands(WallTime before) override;

 private:
  SqlSession& sql_;
};

class SqlConfigs final : public control::ConfigRepository {
 public:
  explicit SqlConfigs(SqlSession& sql) : sql_(sql) {}

  std::vector<control::ConfigDocument> list(std::optional<OrganizationId> organization) override;
  std::vector<control::ConfigDocument> list_of_type(std::string_view type) override;
  std::optional<control::ConfigDocument> find(std::string_view type,
                                              std::optional<OrganizationId> organization) override;
  control::StoredVersion put(const control::ConfigDocument& document, UserId by,
                             bool for_nodes) override;
  bool remove(const control::ConfigDocument& document) override;
  std::size_t count_service_documents(OrganizationId organization) override;
  std::size_t count_organization_documents() override;
  std::vector<control::ConfigDocument> list_for_nodes() override;
  std::map<NodeId, control::DocumentStanding> standings_of(
      const control::ConfigDocument& document) override;
  void record_applied(NodeId node, const control::DocumentReport& document, WallTime now) override;
  void record_error(NodeId node, const control::DocumentReport& document, std::string_view error,
                    WallTime now) override;

 private:
  SqlSession& sql_;
};

class SqlAudit final : public control::AuditRepository {
 public:
  explicit SqlAudit(SqlSession& sql) : sql_(sql) {}

  std::vector<control::AuditEntry> list(const control::AuditFilter& filter) override;
  control::AuditVerdict verify() override;
  std::vector<control::StateCount> nodes_by_state() override;
  std::vector<control::StateCount> sessions_by_state() override;

  void append(const control::AuditEntry& entry);

 private:
  SqlSession& sql_;
};

}  // namespace rap::store
