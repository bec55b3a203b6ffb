// The ports through which the use cases reach PostgreSQL: one repository a concept, all of them
// parts of one transaction (control/database.hpp). A `key` is an id or a name.
//
// No method reports a database fault: a fault dooms the transaction, every later call yields
// nothing, and the transaction's own outcome is the fault. "false" and "nullopt" therefore always
// mean what their comment says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/core/model.hpp"
#include "control/core/standings.hpp"
#include "snapshot/cluster_index.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxListed = 1000;  // rows in any listing

inline constexpr std::size_t kMaxWaitingCommands = 4096;  // of one node

class UserRepository {
 public:
  virtual ~UserRepository() = default;
  virtual bool create(const User& user,
                      const std::string& password_hash) = 0;  // false: email taken
  virtual std::optional<User> find(std::string_view email) = 0;
  virtual std::optional<Credentials> credentials(std::string_view email) = 0;  // not when disabled
  virtual std::vector<User> list() = 0;
  virtual std::size_t count_platform_owners() = 0;  // not disabled; locks them until the end
  // Also ends its bearer sessions and its memberships (and with them its grants).
  virtual void disable(UserId user, WallTime now) = 0;
};

// Signed-in bearers; a bearer is known by its SHA-256 only.
class BearerRepository {
 public:
  virtual ~BearerRepository() = default;
  // Beyond `max_per_user` the oldest go.
  virtual void add(const crypto::Sha256& token, UserId user, std::string_view source_ip,
                   WallTime now, WallTime expires_at, std::size_t max_per_user) = 0;
  virtual std::optional<User> find(const crypto::Sha256& token, WallTime now) = 0;
  virtual void remove(const crypto::Sha256& token) = 0;
  virtual void purge_expired(WallTime now) = 0;
};

class OrganizationRepository {
 public:
  virtual ~OrganizationRepository() = default;
  virtual bool create(const Organization& organization) = 0;  // false: name taken
  virtual std::optional<Organization> find(std::string_view key) = 0;
  virtual std::vector<Organization> list() = 0;  // those the scope may see
  virtual policy::OrganizationRole role_of(OrganizationId organization, UserId user) = 0;
  virtual std::vector<Membership> memberships(UserId user) = 0;
  virtual std::vector<Member> members(OrganizationId organization) = 0;
  virtual std::optional<Member> member(OrganizationId organization, std::string_view email) = 0;
  virtual void put_member(OrganizationId organization, UserId user, policy::OrganizationRole role,
                          WallTime now) = 0;
  virtual void remove_member(OrganizationId organization, UserId user) = 0;  // and its grants
};

class ResourceRepository {
 public:
  virtual ~ResourceRepository() = default;
  virtual bool create_pool(const EgressPool& pool) = 0;  // false: name taken
  virtual std::optional<EgressPool> find_pool(OrganizationId organization,
                                              std::string_view key) = 0;
  virtual std::vector<EgressPool> list_pools(OrganizationId organization) = 0;
  virtual bool add_pool_node(const EgressPool& pool, NodeId node) = 0;  // false: a member already
  // Is a node of the pool approved, in the egress role, and not draining?
  virtual bool pool_has_egress(EgressPoolId pool) = 0;

  virtual bool create(const Resource& resource) = 0;  // false: name taken
  virtual std::optional<Resource> find(OrganizationId organization, std::string_view key) = 0;
  virtual std::vector<Resource> list(OrganizationId organization) = 0;
  virtual std::vector<Resource> list_granted(OrganizationId organization, UserId user) = 0;
  // The resources of that key the user was granted, in any organization.
  virtual std::vector<Resource> find_granted(UserId user, std::string_view key) = 0;
  virtual void remove(const Resource& resource) = 0;  // and its grants

  // Locks the grant until the transaction ends.
  virtual bool is_granted(ResourceId resource, UserId user) = 0;
  virtual bool add_grant(const Resource& resource, UserId user, WallTime now) = 0;  // false: had it
  virtual bool remove_grant(const Resource& resource, UserId user) = 0;  // false: there was none
  virtual std::vector<Grant> grants(const Resource& resource) = 0;
};

// The routes in force, and the oldest a neighbour may still go by (CH-7).
struct RouteEpochs {
  std::uint64_t current = 0;
  std::uint64_t floor = 0;
};

class NodeRepository {
 public:
  virtual ~NodeRepository() = default;
  virtual bool create(const Node& node) = 0;  // false: name taken
  virtual std::optional<Node> find(std::string_view key) = 0;
  // For a call of the node, with the certificate of that serial; in one statement. The node comes
  // without roles and without what it last said of itself.
  virtual std::optional<std::pair<Node, NodeAdmission>> admit(NodeId node,
                                                              std::string_view serial) = 0;
  // Whom of these it would admit, by their place; in one statement.
  virtual std::vector<bool> admitted_among(const std::vector<NodeCall>& calls) = 0;
  virtual std::vector<Node> list() = 0;
  virtual void set_state(NodeId node, NodeState state, WallTime now) = 0;
  virtual void set_roles(NodeId node, const std::vector<policy::NodeRole>& roles) = 0;
  // What an approved enrolment says of its node.
  virtual void adopt(const Enrolment& enrolment) = 0;
  virtual void set_draining(NodeId node, bool draining, std::optional<WallTime> deadline) = 0;

  // Every node must know the routes of now; who does not is refused by those who do.
  virtual RouteEpochs require_current_routes() = 0;

  virtual void add_join_token(const JoinToken& token) = 0;  // older unused ones of the node expire
  virtual std::vector<JoinToken> list_join_tokens() = 0;
  // Locked until the transaction ends, so that a token is used once.
  virtual std::optional<JoinToken> find_join_token(NodeId node, const crypto::Sha256& secret) = 0;
  virtual void use_join_token(JoinTokenId token, WallTime now) = 0;

  virtual void create_enrolment(const Enrolment& enrolment) = 0;
  virtual std::optional<Enrolment> find_enrolment(std::string_view id) = 0;  // locked
  virtual std::optional<Enrolment> enrolment_of(JoinTokenId token) = 0;
  virtual std::vector<Enrolment> list_enrolments(std::optional<EnrolmentState> state) = 0;
  virtual void decide_enrolment(const Enrolment& enrolment, UserId by) = 0;

  // Approved nodes in the entry role that do not drain, most recently heard of first.
  virtual std::vector<Node> entries() = 0;
  virtual void create_cluster(ClusterId cluster, WallTime now) = 0;
  virtual ClusterId cluster() = 0;  // nil before it was created
  virtual std::uint64_t config_version() = 0;
  virtual std::optional<Horizon> horizon() = 0;  // nullopt: there is no cluster
  // Of each node the last, of those above `since`, in order.
  virtual std::vector<AdmissionChange> admission_changes(std::uint64_t since,
                                                         std::size_t limit) = 0;
  // Fills version, cluster, nodes, pools, resources and what is revoked and still of interest.
  virtual snapshot::ClusterModel cluster_model(WallTime now) = 0;

  virtual void record_check_in(const Node& node, WallTime now) = 0;
  // Each node once.
  virtual void record_acks(const std::vector<ConfigAck>& acks, WallTime now) = 0;
  virtual void record_config_error(NodeId node, std::string_view error, WallTime now) = 0;
};

// What was issued to nodes, and what of it is revoked.
class CertificateRepository {
 public:
  virtual ~CertificateRepository() = default;
  virtual void add(const NodeCertificate& certificate) = 0;
  // The node's certificate of that serial, when it is active or retiring.
  virtual std::optional<NodeCertificate> find_usable(NodeId node, std::string_view serial) = 0;
  virtual std::vector<NodeCertificate> find(std::string_view serial) = 0;
  virtual std::vector<NodeCertificate> list() = 0;
  virtual std::vector<NodeCertificate> list_of_node(NodeId node) = 0;
  virtual void retire_others(NodeId node, std::string_view serial) = 0;  // of its kind
  // One certificate of the node, or all of them.
  virtual void revoke(NodeId node, std::optional<std::string_view> serial, WallTime now) = 0;
  virtual void add_revocation(const RevocationEntry& entry) = 0;  // the greater severity stays
  virtual std::size_t count_revocations(WallTime now) = 0;
  // Those of the kind, or of all kinds, that are valid later than `after`, by issuer and serial; no
  // more than `limit`.
  virtual std::vector<RevokedCertificate> revoked(std::optional<CertificateKind> kind,
                                                  WallTime after, std::size_t limit) = 0;
  virtual void expire(WallTime now) = 0;  // certificates, and revocations that outlived them
};

class PublicationRepository {
 public:
  virtual ~PublicationRepository() = default;
  // Without its body when that is of the version `but_not`.
  virtual std::optional<Publication> find(std::string_view name, std::uint64_t but_not) = 0;
  // The same, until the transaction ends nobody else's; it is empty when there was none.
  virtual Publication lock(std::string_view name) = 0;
  virtual void put(const Publication& publication) = 0;  // one that was locked
};

class TrustRepository {
 public:
  virtual ~TrustRepository() = default;
  virtual TrustState state() = 0;  // locked until the transaction ends
  // A change of the bundle bumps the configuration's version.
  virtual void set_state(const TrustState& state) = 0;
  virtual TokenKeyState token_keys() = 0;
  // A change of the phase bumps the configuration's version.
  virtual void set_token_keys(const TokenKeyState& state) = 0;
  virtual void add_bundle(const StoredBundle& bundle, WallTime now) = 0;
  virtual std::vector<StoredBundle> bundles() = 0;  // oldest first
};

// Values of the registered configuration types.
class ConfigRepository {
 public:
  virtual ~ConfigRepository() = default;
  // Of an organization and its resources, or of the platform and the cluster.
  virtual std::vector<ConfigDocument> list(std::optional<OrganizationId> organization) = 0;
  // Of everything the scope sees.
  virtual std::vector<ConfigDocument> list_of_type(std::string_view type) = 0;
  // Of the organization itself; without one, of the cluster or else of the platform.
  virtual std::optional<ConfigDocument> find(std::string_view type,
                                             std::optional<OrganizationId> organization) = 0;
  // A value that nodes are given bumps the configuration's version.
  virtual StoredVersion put(const ConfigDocument& document, UserId by, bool for_nodes) = 0;
  virtual bool remove(const ConfigDocument& document) = 0;  // false: there was none
  virtual std::size_t count_service_documents(OrganizationId organization) = 0;
  // That nodes are given, of all organizations that the scope sees.
  virtual std::size_t count_organization_documents() = 0;

  // Of everything the scope sees, what nodes are given.
  virtual std::vector<ConfigDocument> list_for_nodes() = 0;
  // Of the nodes that ever said something.
  virtual std::map<NodeId, DocumentStanding> standings_of(const ConfigDocument& document) = 0;
  // An older version than the one recorded changes nothing; what is not there any more, neither.
  virtual void record_applied(NodeId node, const DocumentReport& document, WallTime now) = 0;
  virtual void record_error(NodeId node, const DocumentReport& document, std::string_view error,
                            WallTime now) = 0;
};

// Which living sessions are meant; an empty member does not narrow.
struct SessionFilter {
  std::optional<SessionId> session = {};
  std::optional<OrganizationId> organization = {};
  std::optional<UserId> user = {};
  std::optional<ResourceId> resource = {};
  std::optional<NodeId> carried_by = {};
  std::optional<WallTime> created_before = {};
};

// A session is created under a lock on its grant (is_granted). Whoever takes a right away removes
// the grant first, which waits for that lock, and ends the sessions then: none slips through
// between.
class SessionRepository {
 public:
  virtual ~SessionRepository() = default;
  virtual void create(const Session& session) = 0;
  virtual std::optional<Session> find(SessionId session) = 0;  // locked
  virtual std::vector<Session> list_of_user(UserId user) = 0;
  virtual std::vector<Session> list_of_organization(OrganizationId organization) = 0;
  virtual void add_attachment(const Session& session, AttachmentId attachment,
                              std::string_view source_ip, WallTime now) = 0;

  // Ends the living sessions of the filter and returns them.
  virtual std::vector<Session> terminate(const SessionFilter& filter, std::string_view because,
                                         WallTime now) = 0;
  // Living sessions that entered `state` before `before`.
  virtual std::vector<SessionId> older_than(SessionState state, WallTime before) = 0;

  // Replaces what `node` was known to carry; unknown sessions are skipped. Yields the sessions that
  // it carries or carried before.
  virtual std::vector<SessionId> record_presence(NodeId node,
                                                 const std::vector<SessionPresence>& carried,
                                                 WallTime now) = 0;
  virtual void forget_presence_before(WallTime before) = 0;
  // Moves pending and detached sessions with flows to active, active ones without to detached.
  virtual void settle_states(WallTime now) = 0;
  virtual void settle_states(const std::vector<SessionId>& among, WallTime now) = 0;
  // Of those, the ones that are terminated or that nobody knows.
  virtual std::vector<SessionId> ended_among(const std::vector<SessionId>& sessions) = 0;

  // Numbers and writes a session.terminate for the node, unless one was sent after `not_since`.
  virtual void command_termination(NodeId node, SessionId session, CommandId id, WallTime now,
                                   WallTime not_since) = 0;
  virtual std::vector<NodeId> edge_nodes() = 0;  // approved, entry or egress
  virtual std::uint64_t last_command(NodeId node) = 0;
  virtual std::vector<NodeCommand> commands_since(NodeId node, std::uint64_t seq,
                                                  std::size_t limit) = 0;
  virtual bool finish_command(NodeId node, std::string_view id, bool ok, std::string_view detail,
                              WallTime now) = 0;  // false: no such command of this node
  virtual void purge_commands(WallTime before) = 0;
};

struct StateCount {
  std::string state;
  std::uint64_t count = 0;
};

struct AuditFilter {
  std::optional<OrganizationId> organization;
  bool platform_only = false;  // entries of no organization
  std::optional<std::uint64_t> before;
  std::size_t limit = 200;
};

class AuditRepository {
 public:
  virtual ~AuditRepository() = default;
  // Newest first, of everything the scope sees.
  virtual std::vector<AuditEntry> list(const AuditFilter& filter) = 0;
  virtual AuditVerdict verify() = 0;
  virtual std::vector<StateCount> nodes_by_state() = 0;
  virtual std::vector<StateCount> sessions_by_state() = 0;
};

}  // namespace rap::control
