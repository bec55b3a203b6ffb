// Grants: who may use a resource.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "control/access/resource.hpp"
#include "control/http/schema.hpp"

namespace rap::control {

struct Grant {
  UserId user;
  std::string email;
  WallTime created_at{};
  bool disabled = false;
};

Fields grant_fields();
nlohmann::json to_json(const Grant& grant);

class GrantRepository {
 public:
  virtual ~GrantRepository() = default;
  // Keeps the grant from being withdrawn, and its organization from being disabled, until the
  // transaction ends; false: there is none, or nobody may use it.
  virtual bool lock(ResourceId resource, UserId user) = 0;
  virtual bool add(const Resource& resource, UserId user, WallTime now) = 0;  // false: had it
  virtual bool remove(const Resource& resource, UserId user) = 0;  // false: there was none
  virtual std::optional<Grant> find(const Resource& resource, UserId user) = 0;
  // It gives nothing until it is enabled again.
  virtual void disable(const Resource& resource, UserId user, WallTime now) = 0;
  virtual void enable(const Resource& resource, UserId user) = 0;
  virtual std::vector<Grant> list(const Resource& resource) = 0;
};

}  // namespace rap::control
