// Frames that move nothing: free for whoever sends them, and not for us. Each link may send so many
// (docs/decisions/byte-budgets.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "policy/rate_limit.hpp"

namespace rap::router {

enum class IdleFrame : std::uint8_t {
  unknown_label,  // of a client, for a flow that is not there
  refused_request,  // of a client or a node, for a flow that it does not get
  credit,  // for bytes that never left, or for so few that nothing is passed on
  pause,
  first_message,  // of a client, for an egress: it costs that one four key agreements
  route,  // of a node, to one that learns no routes or hears them from a newer channel
};
inline constexpr std::array<std::string_view, 6> kIdleFrameNames = {
    "unknown_label", "refused_request", "credit", "pause", "first_message", "route"};

// A stranger has no flow that frames could be late for. Of a client that has shown a token, as many
// are late as were on the way when its flows ended. A node's are those of everybody's flows.
inline constexpr policy::RateLimit kStrangersIdleFrames{.burst = 64,
                                                        .refill = std::chrono::seconds{1}};
inline constexpr policy::RateLimit kClientsIdleFrames{.burst = 65'536,
                                                      .refill = std::chrono::milliseconds{1}};
inline constexpr policy::RateLimit kNodesIdleFrames{.burst = 131'072,
                                                    .refill = std::chrono::microseconds{100}};

// Requests for flows that a node may hand on or make: those of everybody behind it.
inline constexpr policy::RateLimit kNodesRequests{.burst = 131'072,
                                                  .refill = std::chrono::microseconds{100}};

// A token that is refused costs as much as so many of the others: a signature is looked at.
// Strangers' requests count once, for they have few.
inline constexpr unsigned kRefusedRequestWeight = 64;
// A client that has many flows asks for another path for all of them at once.
inline constexpr unsigned kFirstMessageWeight = 4;

}  // namespace rap::router
