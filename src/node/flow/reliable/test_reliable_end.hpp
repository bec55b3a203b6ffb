// What the tests of one end of a flow have in common.
#pragma once

#include <gtest/gtest.h>

#include "node/flow/reliable/reliable_end.hpp"

namespace rap::flow {

using wire::FlowPosition;
using wire::FlowReason;
using State = ReliableEnd::State;

inline const MonoTime kStart{};
constexpr FlowPosition kFresh{.received = 0, .limit = kInitialWindow, .finished = false};

template <class Action>
const Action* find(const ReliableActions& actions) {
  for (const ReliableAction& one : actions) {
    if (const auto* found = std::get_if<Action>(&one)) return found;
  }
  return nullptr;
}

// Why the step ended the flow; nullopt when it did not, or all was done.
inline std::optional<FlowReason> reason_of(const ReliableActions& actions) {
  const auto* ended = find<action::Ended>(actions);
  return ended != nullptr ? ended->reason : std::nullopt;
}

// An end that has sent five bytes and had three.
struct Talking {
  TailMemory memory;
  ReliableEnd end;
  MonoTime now = kStart;

  explicit Talking(FlowSide side = FlowSide::holder, ReliableLimits limits = {})
      : end(side, memory, kStart, limits) {
    end.step(now, event::Attached{kFresh});
    end.take(Bytes(5, 'a'));
    end.next_output(now, 100);
    end.step(now, event::Record{Bytes(3, 'b')});
  }
  ReliableActions on(const ReliableEvent& event) { return end.step(now, event); }
  ReliableActions acked(FlowPosition peer) { return on(event::Acknowledged{peer}); }
};

}  // namespace rap::flow
