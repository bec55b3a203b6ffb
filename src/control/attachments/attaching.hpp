// Attaching a client to a session (DP-2, DP-4): entry candidates, each with a token of its own, and
// more of them for who wants many flows at once.
#pragma once

#include <cstddef>

#include "control/access/resource.hpp"
#include "control/attachments/ports.hpp"
#include "control/http/call.hpp"
#include "control/http/schema.hpp"
#include "control/sessions/session.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxCandidates = 8;
inline constexpr std::int64_t kMaxFlowsAtOnce = 128;  // that one attachment has tokens for
// Only the first candidates have more than one token: the others are for the rare flow that these
// do not take. So an answer has 262 tokens at the most.
inline constexpr std::size_t kCandidatesOfManyFlows = 2;

// Records a new attachment and makes what the client needs to connect. Runs in the organization's
// transaction, with a session that is not terminated.
Outcome<Reply> attach(const AttachmentPorts& ports, Transaction& tx, const Call& call,
                      const Session& session, const Resource& resource);

Fields attached_fields();

}  // namespace rap::control
