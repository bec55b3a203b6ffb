// The audit log: who did what to whom, in a chain of hashes that PostgreSQL keeps
// (store/migrations/0002_audit.sql).
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
#include "crypto/keys/digest.hpp"

namespace rap::control {

inline constexpr std::array<std::string_view, 4> kActorKinds = {"user", "node", "system",
                                                                "anonymous"};
inline constexpr std::array<std::string_view, 2> kAuditOutcomes = {"ok", "denied"};

// An entry begins with who acts and when (of_system(), Call::audit_entry()); about() and with() say
// the rest.
struct AuditEntry {
  std::uint64_t seq = 0;  // given by the database, as are the hashes
  WallTime at{};
  std::optional<OrganizationId> organization;
  std::string actor_kind;  // of kActorKinds
  std::string actor_id;
  std::string actor_name;
  std::string action;  // "organization.created"
  std::string target_kind;
  std::string target_id;
  std::string target_name;
  std::string outcome = "ok";  // of kAuditOutcomes
  std::string source_ip;
  std::string detail = "{}";  // a JSON object; never a secret
  crypto::Sha256 hash{};

  // The control plane itself acts, on nobody's request.
  static AuditEntry of_system(WallTime now, std::string name = "rap-control");

  AuditEntry about(std::string_view what, std::string_view kind, std::string id,
                   std::string name) const;
  AuditEntry with(const nlohmann::json& details) const;
};

struct AuditVerdict {
  std::uint64_t entries = 0;
  crypto::Sha256 head{};
  std::optional<std::uint64_t> first_broken;
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
  // Those of outages of the database, newest first: see database_standing.hpp.
  virtual std::vector<AuditEntry> outages(WallTime since, std::size_t limit) = 0;
  virtual AuditVerdict verify() = 0;
};

}  // namespace rap::control
