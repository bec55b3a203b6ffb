// What the control plane knows, as values. Names follow the requirements; nothing here does I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/sealing/sealing.hpp"
#include "policy/roles.hpp"
#include "snapshot/config_types.hpp"
#include "snapshot/node_config.hpp"

namespace rap::control {

using CommandId = Id<struct CommandTag>;

struct User {
  UserId id;
  std::string email;
  policy::PlatformRole platform_role = policy::PlatformRole::none;
  WallTime created_at{};
  bool disabled = false;
};

struct Credentials {
  User user;
  std::string password_hash;
};

struct Organization {
  OrganizationId id;
  std::string name;
  WallTime created_at{};
};

struct Membership {
  Organization organization;
  policy::OrganizationRole role = policy::OrganizationRole::none;
};

struct Member {
  UserId user;
  std::string email;
  policy::OrganizationRole role = policy::OrganizationRole::none;
  WallTime created_at{};
};

struct NodeName {
  NodeId id;
  std::string name;
};

struct EgressPool {
  EgressPoolId id;
  OrganizationId organization;
  std::string name;
  WallTime created_at{};
  std::vector<NodeName> nodes;  // only under the platform's scope
};

struct Resource {
  ResourceId id;
  OrganizationId organization;
  std::string name;
  std::string protocol;
  std::string host;
  std::uint16_t port = 0;
  EgressPoolId egress_pool;
  std::string egress_pool_name;
  std::optional<std::string> ssh_host_key;
  WallTime created_at{};
};

struct Grant {
  UserId user;
  std::string email;
  WallTime created_at{};
};

// A revoked node never comes back; its name may be given to another.
enum class NodeState : std::uint8_t { invited, pending, approved, denied, disabled, revoked };
std::string_view to_string(NodeState state);
std::optional<NodeState> node_state_from(std::string_view s);

struct Node {
  NodeId id;
  std::string name;
  NodeState state = NodeState::invited;
  std::vector<policy::NodeRole> roles;
  std::optional<crypto::X25519Public> seal_key;
  std::string data_plane_advertise;
  std::string fabric_advertise;
  WallTime created_at{};
  bool draining = false;
  std::optional<WallTime> drain_deadline;  // then what is left is closed

  // As of its last check-in. The JSON texts are shown as they came.
  WallTime checked_in_at{};
  std::string versions = "{}";
  std::string metrics = "{}";
  std::string metadata = "{}";
  std::string observations = "{}";
  std::string certificate_serial;  // with which it came
  std::string certificate_ca_ref;  // under which that was issued
  std::uint64_t acked_config_version = 0;
  std::uint64_t wanted_config_version = 0;  // the cluster's
  std::string config_error;
};

// What has to be known of a node at each of its calls.
struct NodeAdmission {
  std::uint64_t config_version = 0;  // the cluster's
  std::uint64_t admissions = 0;      // the cluster's, see Horizon
  std::uint64_t commands_seq = 0;    // of the node's last command
  bool carries_sessions = false;     // as far as was reported
  bool has_certificate = false;      // the one it came with is its own and not revoked
  std::string ca_ref = {};           // under which that was issued
};

// Who calls, with the certificate of which serial.
struct NodeCall {
  NodeId node;
  std::string serial;
};

// A node uses its configuration of this version.
struct ConfigAck {
  NodeId node;
  std::uint64_t version = 0;
};

// With which a node meets nodes and us, or clients (PK-2).
enum class CertificateKind : std::uint8_t { node, worker };
std::string_view to_string(CertificateKind kind);
std::optional<CertificateKind> certificate_kind_from(std::string_view s);

struct NodeCertificate {
  NodeId node;
  CertificateKind kind = CertificateKind::node;
  std::string serial;       // lower-case hex
  std::string fingerprint;  // SHA-256 of the DER, lower-case hex
  std::string ca_ref;
  WallTime not_before{};
  WallTime not_after{};
  std::string issuer_sha256 = {};  // of the issuer's name in DER, lower-case hex
  std::string key_sha256 = {};     // of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string pem = {};
  std::string node_name = {};
  std::string status = "active";  // retiring, revoked, expired
  std::optional<WallTime> revoked_at = {};
  bool key_revoked = false;  // beside the certificate
};

// One that would still be valid, or was lately.
struct RevokedCertificate {
  CertificateKind kind = CertificateKind::node;
  std::string serial;
  std::string ca_ref;
  std::string issuer_sha256;
  std::string key_sha256;
  WallTime not_after{};
  WallTime revoked_at{};
  NodeState node_state = NodeState::approved;
  bool key_revoked = false;
};

// What is signed once for all who ask, until what it says changes or it gets old.
struct Publication {
  std::string name;
  std::uint64_t version = 0;     // grows, also over a database that was restored
  std::uint64_t admissions = 0;  // as of which what it says was looked up (Horizon)
  std::string digest;            // of what it says
  WallTime issued_at{};
  std::string body;
};

// An entry of the list that every node is given, and when it loses its meaning.
struct RevocationEntry {
  snapshot::Revocation revocation;
  NodeId node;  // whose it was
  WallTime created_at{};
  WallTime expires_at{};
};

// How far the change to another root has come (CH-12): nodes learn of both roots, get certificates
// under the new one, and forget the old one.
enum class TrustPhase : std::uint8_t { stable, distributing, reissuing, retiring };
std::string_view to_string(TrustPhase phase);
std::optional<TrustPhase> trust_phase_from(std::string_view s);

struct TrustState {
  TrustPhase phase = TrustPhase::stable;
  WallTime phase_since{};
  std::uint64_t config_version = 0;  // a node that acknowledged it knows the bundle in force
  std::string ca_ref;                // of the root that issues; empty: the first one
  std::string next_ca_ref;           // of the one that takes over
  std::uint64_t bundle_version = 1;
  std::uint64_t bundle_floor = 1;
};

// How far the change to another key for tokens has come: nodes learn of the next one, it signs, and
// they forget the former one when nothing that it signed is good any more.
enum class TokenKeyPhase : std::uint8_t { stable, distributing, overlapping };
std::string_view to_string(TokenKeyPhase phase);
std::optional<TokenKeyPhase> token_key_phase_from(std::string_view s);

struct TokenKeyState {
  TokenKeyPhase phase = TokenKeyPhase::stable;
  WallTime since{};
  std::uint64_t config_version = 0;  // a node that acknowledged it knows the next key
  snapshot::TokenKey current;  // without a kid: the first one, which is in no database
  snapshot::TokenKey next;  // while it is not stable
};

struct StoredBundle {
  std::uint64_t version = 0;
  std::string envelope;
  std::string pem;
};

// What was made on the control plane's host for a rotation: the two bundles on the way.
struct PreparedTrust {
  std::string ca_ref;  // of the root in force
  std::string next_ca_ref;  // of the new one
  StoredBundle both;
  StoredBundle only_new;
};

struct JoinToken {
  JoinTokenId id;
  NodeId node;
  std::string node_name;
  crypto::Sha256 secret_sha256{};
  UserId created_by;
  WallTime created_at{};
  WallTime expires_at{};
  std::optional<WallTime> used_at;
};

enum class EnrolmentState : std::uint8_t { pending, approved, denied };
std::string_view to_string(EnrolmentState state);
std::optional<EnrolmentState> enrolment_state_from(std::string_view s);

struct Enrolment {
  EnrolmentId id;
  NodeId node;
  std::string node_name;
  JoinTokenId join_token;
  std::string csr;
  crypto::Sha256 poll_secret_sha256{};
  crypto::X25519Public seal_key{};
  std::string data_plane_advertise;
  std::string fabric_advertise;
  std::string metadata = "{}";
  std::string source_ip;
  EnrolmentState state = EnrolmentState::pending;
  WallTime created_at{};
  std::optional<WallTime> decided_at;
  std::string certificate_pem;  // the leaf, once approved
};

// A session moves pending → active ⇄ detached; every state may end in terminated, which is final.
enum class SessionState : std::uint8_t { pending, active, detached, terminated };
std::string_view to_string(SessionState state);
std::optional<SessionState> session_state_from(std::string_view s);

struct Session {
  SessionId id;
  OrganizationId organization;
  std::string organization_name;
  UserId user;
  std::string user_email;
  ResourceId resource;
  std::string resource_name;
  std::string protocol;
  EgressPoolId egress_pool;
  SessionState state = SessionState::pending;
  WallTime created_at{};
  WallTime changed_at{};
  std::optional<std::string> ended_because;
};

// What one node reported of one session.
struct SessionPresence {
  SessionId session;
  std::uint64_t flows = 0;
  std::uint64_t bytes_up = 0;
  std::uint64_t bytes_down = 0;
};

struct NodeCommand {
  std::uint64_t seq = 0;
  CommandId id;
  std::string type;
  SessionId session;
};

// A value of a registered configuration type (snapshot/config_types.hpp), and of what it is one.
struct ConfigDocument {
  std::string type = {};
  snapshot::Layer layer = snapshot::Layer::platform;
  std::optional<OrganizationId> organization = {};  // of layers organization and service
  std::string organization_name = {};
  std::optional<ResourceId> resource = {};  // of layer service
  std::string resource_name = {};
  std::uint64_t version = 0;
  std::string value = {};  // JSON
  WallTime changed_at{};
  std::string changed_by_email = {};
};

struct StoredVersion {
  std::uint64_t version = 0;
  bool is_new = false;  // there was no value of that type and scope
};

// What a node says it runs with, or could not use.
struct DocumentReport {
  std::string type;
  snapshot::Layer layer = snapshot::Layer::platform;
  std::optional<OrganizationId> organization;
  std::optional<ResourceId> resource;
  std::uint64_t version = 0;
};

// What a node said of one value.
struct DocumentStanding {
  std::uint64_t applied_version = 0;  // 0: none yet
  std::optional<WallTime> applied_at;
  std::string error;  // empty: none since it was applied
};

struct AuditEntry {
  std::uint64_t seq = 0;  // given by the database, as are the hashes
  WallTime at{};
  std::optional<OrganizationId> organization;
  std::string actor_kind;  // user, node, system, anonymous
  std::string actor_id;
  std::string actor_name;
  std::string action;  // "organization.created"
  std::string target_kind;
  std::string target_id;
  std::string target_name;
  std::string outcome = "ok";  // ok, denied
  std::string source_ip;
  std::string detail = "{}";  // a JSON object; never a secret
  crypto::Sha256 hash{};
};

struct AuditVerdict {
  std::uint64_t entries = 0;
  crypto::Sha256 head{};
  std::optional<std::uint64_t> first_broken;
};

}  // namespace rap::control
