// The resource that a request's path names.
#pragma once

#include <expected>
#include <string>

#include "control/access/ports.hpp"
#include "control/access/resource.hpp"
#include "control/http/call.hpp"
#include "control/http/json_reply.hpp"

namespace rap::control {

inline std::unexpected<Problem> no_resource(const std::string& key) {
  return refuse(ProblemCode::resource_not_found,
                "There is no resource '" + key + "' that you may use here.");
}

// Runs `use` with the resource the path names.
template <class Use>
Outcome<Reply> with_resource(AccessPorts& ports, const Call& call, Use use) {
  return transact(
      ports.database, call.organization_scope(), [&](Transaction& tx) -> Outcome<Reply> {
        const auto resource = tx.resources().find(call.organization->id, call.path("resource"));
        if (!resource) return no_resource(call.path("resource"));
        return use(tx, *resource);
      });
}

}  // namespace rap::control
