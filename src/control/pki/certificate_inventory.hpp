// The inventory of certificates (PK-6): what was issued to nodes and to the control plane itself,
// and what of it is revoked (CH-13).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/revocation_reason.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "wire/certificate_kind.hpp"

namespace rap::control {

using wire::CertificateKind;

// A retiring one has a successor, and is good until it expires all the same.
inline constexpr std::array<std::string_view, 4> kCertificateStatuses = {"active", "retiring",
                                                                         "revoked", "expired"};

// What became of the node that a certificate was issued to.
enum class HolderState : std::uint8_t { takes_part, disabled, revoked };

struct NodeCertificate {
  NodeId node;  // nil: the control plane's own
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
  ClusterId cluster = {};
  std::string status = "active";  // of kCertificateStatuses
  std::optional<WallTime> revoked_at = {};
  bool key_revoked = false;  // beside the certificate
  HolderState holder = HolderState::takes_part;

  bool is_usable() const { return status == "active" || status == "retiring"; }
};

// The entry of a certificate that was just issued and is given with its issuer.
NodeCertificate inventory_entry(NodeId node, CertificateKind kind,
                                const std::vector<crypto::Certificate>& chain, std::string ca_ref);

Fields certificate_fields();
nlohmann::json to_json(const NodeCertificate& certificate);

// A revoked certificate that would still be valid, or was lately.
struct RevokedCertificate {
  CertificateKind kind = CertificateKind::node;
  std::string serial;
  std::string ca_ref;
  std::string issuer_sha256;
  std::string key_sha256;
  WallTime not_after{};
  WallTime revoked_at{};
  HolderState holder = HolderState::takes_part;
  bool key_revoked = false;
};

// What OCSP and CRLs give as the reason.
crypto::RevocationReason revocation_reason(HolderState holder, bool key_revoked);

// A SHA-256 as the inventory keeps it; nullopt for certificates from before it did.
std::optional<crypto::Sha256> digest_of(const std::string& hex);

// An entry of the list that every node is given, and when it loses its meaning.
struct RevocationEntry {
  snapshot::Revocation revocation;
  NodeId node;  // whose it was
  WallTime created_at{};
  WallTime expires_at{};
};

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
  virtual void retire(std::string_view serial) = 0;
  // One certificate of the node, or all of them.
  virtual void revoke(NodeId node, std::optional<std::string_view> serial, WallTime now) = 0;
  // All usable ones of a node that is disabled, until it is enabled; then they are what they were,
  // unless they were revoked meanwhile.
  virtual void hold(NodeId node, WallTime now) = 0;
  virtual void release(NodeId node) = 0;
  virtual void add_revocation(const RevocationEntry& entry) = 0;  // the greater severity stays
  virtual std::size_t count_revocations(WallTime now) = 0;
  // The list names the certificate, its key or its node.
  virtual bool is_listed_as_revoked(const NodeCertificate& certificate) = 0;
  // Those that are valid later than `after`, of all kinds or of those that clients meet, by issuer
  // and serial; no more than `limit`.
  enum class Met : std::uint8_t { by_anybody, by_clients };
  virtual std::vector<RevokedCertificate> revoked(Met met, WallTime after, std::size_t limit) = 0;
  // Another one after whatever changes how a certificate of the transaction's cluster stands, and
  // in another history of the database. Read before the certificate, it is never newer than what is
  // found.
  virtual std::optional<std::string> status_version() = 0;
  virtual void expire(WallTime now) = 0;  // certificates, and revocations that outlived them
};

}  // namespace rap::control
