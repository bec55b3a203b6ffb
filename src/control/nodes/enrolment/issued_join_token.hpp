// Join tokens: invitations for hosts, each good for one enrolment.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::control {

struct IssuedJoinToken {
  JoinTokenId id;
  NodeId node;
  std::string node_name;
  crypto::Sha256 secret_sha256{};
  UserId created_by;
  WallTime created_at{};
  WallTime expires_at{};
  std::optional<WallTime> used_at;
};

Fields join_token_fields();
nlohmann::json to_json(const IssuedJoinToken& token);

class JoinTokenRepository {
 public:
  virtual ~JoinTokenRepository() = default;
  virtual void add(const IssuedJoinToken& token) = 0;  // older unused ones of the node expire
  virtual std::vector<IssuedJoinToken> list() = 0;
  // Locked until the transaction ends, so that a token is used once.
  virtual std::optional<IssuedJoinToken> find_and_lock(NodeId node,
                                                       const crypto::Sha256& secret) = 0;
  virtual std::optional<IssuedJoinToken> find_and_lock(JoinTokenId token) = 0;
  virtual void withdraw(JoinTokenId token, WallTime now) = 0;  // it expires now
  virtual void use(JoinTokenId token, WallTime now) = 0;
};

}  // namespace rap::control
