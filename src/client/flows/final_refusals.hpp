// What entries say of a flow that asks for another path, when it is that there will be none: the
// session is over, the person is signed out, the egress has no such flow, or is revoked. It comes
// in clear, and any node between may say it, so it is believed once every entry has said such a
// thing, again and again, and none anything else: whoever can make them all say so can keep the
// flow from going on anyway.
#pragma once

#include <cstddef>
#include <optional>

#include "base/time.hpp"
#include "wire/flow_reason.hpp"

namespace rap::client {

inline constexpr std::size_t kFinalRounds = 3;  // of all entries
inline constexpr Duration kFinalAfter = std::chrono::seconds{3};  // the first of them

class FinalRefusals {
 public:
  // An entry refused, or (nullopt) was not there to say anything.
  void heard(MonoTime now, std::optional<wire::FlowReason> refused) {
    if (!refused || !is_final(*refused)) return forget();
    if (count_++ == 0) since_ = now;
    last_ = *refused;
  }
  void forget() { count_ = 0; }
  // Why the flow is over, if it is; `entries` are asked in turn.
  std::optional<wire::FlowReason> verdict(MonoTime now, std::size_t entries) const {
    if (count_ < kFinalRounds * entries || now - since_ < kFinalAfter) return std::nullopt;
    return last_;
  }

 private:
  static bool is_final(wire::FlowReason reason) {
    using enum wire::FlowReason;
    return reason == session_ended || reason == signed_out || reason == blocklisted ||
           reason == token_expired || reason == unknown_flow || reason == hold_expired ||
           reason == wrong_resource;  // its egress, or the resource, is none of the pool's any more
  }

  std::size_t count_ = 0;  // in a row
  MonoTime since_{};
  wire::FlowReason last_{};
};

}  // namespace rap::client
