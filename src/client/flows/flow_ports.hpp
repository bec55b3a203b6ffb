// Whom the sealed flows of a client talk to: those who use them, and whoever makes the connections
// to entries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "client/api/attachment.hpp"
#include "wire/fallback_cause.hpp"
#include "wire/frames/flow_frames.hpp"

namespace rap::client {

using FlowNumber = std::uint64_t;
using LinkNumber = std::uint64_t;

// The one who wanted a flow hears of it here, and outlives it or leaves it. All but flow_received()
// may call the flows' commands from within.
class SealedFlowUser {
 public:
  virtual ~SealedFlowUser() = default;
  virtual void flow_accepted() = 0;
  // Bytes for the local stream; once it has taken them, the flow hears consumed().
  virtual void flow_received(ByteView bytes) = 0;
  virtual void flow_finished() = 0;  // no more comes
  virtual void flow_writable() = 0;  // there is more room
  // No token is left that an egress may still be asked with. True: open_again() follows, or
  // leave().
  virtual bool flow_lacks_tokens(wire::FlowReason last) = 0;
  // The flow is gone; no reason: everything arrived, both ways. `accepted` tells one that broke
  // from one that never was.
  virtual void flow_ended(wire::FlowEnding ending, bool accepted, const std::string& detail) = 0;
};

// Nothing of this is answered from within: what comes of it is heard in a later turn.
class LinkDialler {
 public:
  virtual ~LinkDialler() = default;
  // Begins to connect to the entry; link_up() follows, or link_lost().
  virtual void dial(LinkNumber link, const Candidate& entry) = 0;
  virtual void has_output(LinkNumber link) = 0;
  // An entry did not do for a new flow, and another one is asked.
  virtual void passed_over(const Candidate& entry, wire::FallbackCause cause,
                           std::string_view detail) = 0;
};

}  // namespace rap::client
