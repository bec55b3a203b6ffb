// The node's event channel (CP-3): keeps one stream of hints from the control plane open, and says
// when to try again. What the hints mean is for ControlLink.
#pragma once

#include "base/ids.hpp"
#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {

// Full jitter from the start: when the control plane restarts, all nodes lose their stream at the
// same instant, and no more than a third of them come back in any second.
inline constexpr Duration kEventsRetryFirst = std::chrono::seconds{10};
inline constexpr Duration kEventsRetryCap = std::chrono::seconds{10};
// The first wait after a control plane did not want this node, or knew no event channel.
inline constexpr Duration kEventsRefusedFirst = std::chrono::seconds{5};
inline constexpr Duration kEventsRefusedCap = std::chrono::minutes{1};
// A stream that lasted less counts as a failure, so that two agents with the identity of one node,
// who take the stream from each other, do not make a storm.
inline constexpr Duration kEventsSteadyAfter = std::chrono::seconds{10};

class EventSync {
 public:
  EventSync(NodeId node, RandomSource& rng) : node_(node), rng_(rng) {}

  MonoTime next_wakeup() const { return next_; }
  LinkActions poll(MonoTime now);
  LinkActions opened(MonoTime now);
  // `answer`: what the control plane said instead of a stream, or how the stream ended.
  LinkActions ended(MonoTime now, const Answer& answer);
  bool up() const { return up_; }

 private:
  NodeId node_;
  RandomSource& rng_;
  MonoTime next_ = MonoTime::min();
  MonoTime opened_at_{};
  Backoff retry_{kEventsRetryFirst, kEventsRetryCap};
  Backoff refused_{kEventsRefusedFirst, kEventsRefusedCap};
  bool up_ = false;
  bool trouble_said_ = false;
};

}  // namespace rap::agent
