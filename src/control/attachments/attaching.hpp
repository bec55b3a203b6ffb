// Attaching a client to a session (DP-2, DP-4): entry candidates, each with a token of its own.
#pragma once

#include <cstddef>

#include "control/access/resource.hpp"
#include "control/attachments/ports.hpp"
#include "control/http/call.hpp"
#include "control/http/schema.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxCandidates = 8;

// Records a new attachment and makes what the client needs to connect. Runs in the organization's
// transaction, with a session that is not terminated.
Outcome<Reply> attach(const AttachmentPorts& ports, Transaction& tx, const Call& call,
                      const Session& session, const Resource& resource);

Fields attached_fields();

}  // namespace rap::control
