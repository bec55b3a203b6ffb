// Why flows ended whose clients were away and did not hear of it: a client that comes
// back is told, if it shows the key that opened the flow. The oldest make way, so that nobody has
// to be forgotten in time.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>

#include "crypto/sealing/x25519.hpp"
#include "wire/flow_reason.hpp"
#include "wire/frames/flow_frames.hpp"

namespace rap::router {

inline constexpr std::size_t kMaxEndedFlows = 4096;

class EndedFlows {
 public:
  void note(const wire::FlowId& flow, const crypto::X25519Public& client, wire::FlowReason reason) {
    if (!flows_.emplace(flow, Ended{client, reason}).second) return;
    order_.push_back(flow);
    if (order_.size() <= kMaxEndedFlows) return;
    flows_.erase(order_.front());
    order_.pop_front();
  }
  // nullopt: it is not known here, or was another client's.
  std::optional<wire::FlowReason> why(const wire::FlowId& flow,
                                      const crypto::X25519Public& client) const {
    const auto it = flows_.find(flow);
    if (it == flows_.end() || it->second.client != client) return std::nullopt;
    return it->second.reason;
  }
  std::size_t size() const { return flows_.size(); }

 private:
  struct Ended {
    crypto::X25519Public client{};
    wire::FlowReason reason;
  };

  std::map<wire::FlowId, Ended> flows_;
  std::deque<wire::FlowId> order_;
};

}  // namespace rap::router
