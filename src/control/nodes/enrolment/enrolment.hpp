// Enrolments: a host that asked to become a node, and what was decided.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/sealing/sealing.hpp"
#include "wire/enrolment_state.hpp"

namespace rap::control {

using wire::EnrolmentState;

struct Enrolment {
  EnrolmentId id;
  ClusterId cluster;
  NodeId node;
  std::string node_name;
  std::optional<OrganizationId> organization;  // whose host it is
  std::string organization_name;
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

// Everything that certificates of the node will say it is: its own, and the worker's that it gets
// in the entry role.
std::vector<std::string> certificate_names(const Enrolment& enrolment);

Fields enrolment_fields();
nlohmann::json to_json(const Enrolment& enrolment);

class EnrolmentRepository {
 public:
  virtual ~EnrolmentRepository() = default;
  virtual void create(const Enrolment& enrolment) = 0;
  virtual std::optional<Enrolment> find_and_lock(std::string_view id) = 0;
  virtual std::optional<Enrolment> of_token(JoinTokenId token) = 0;
  // Those of that organization's hosts; nullopt: of all.
  virtual std::vector<Enrolment> list(std::optional<EnrolmentState> state,
                                      std::optional<OrganizationId> organization) = 0;
  virtual void decide(const Enrolment& enrolment, UserId by) = 0;
  // Its node is from now on what an approved one says of it.
  virtual void adopt(const Enrolment& enrolment) = 0;
};

}  // namespace rap::control
