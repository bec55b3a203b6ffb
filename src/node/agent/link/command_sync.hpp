// Commands from the control plane: pulled in order, carried out one at a time by rap-fabric, their
// results reported, and only then is the sequence number moved on and stored. A crash anywhere
// repeats the command, which is idempotent, so its effect is there exactly once.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "node/agent/link/calls/link_actions.hpp"
#include "node/agent/link/calls/link_state.hpp"
#include "node/agent/link/calls/node_api.hpp"
#include "node/agent/node_files.hpp"
#include "node/agent/poller.hpp"

namespace rap::agent {

// How long the fabric may be away or silent before the command is reported as failed.
inline constexpr Duration kCommandDeadline = std::chrono::seconds{15};

class CommandSync {
 public:
  // `state` is shared with the caller and outlives this.
  CommandSync(NodeId node, NodeFiles& directory, LinkState& state, RandomSource& rng);

  MonoTime next_wakeup() const;
  LinkActions poll(MonoTime now);

  void announced(MonoTime now, std::uint64_t seq);
  void hinted(MonoTime now);  // there may be new ones
  LinkActions fabric_connected();
  void fabric_disconnected() { fabric_up_ = false; }
  void fabric_answered(MonoTime now, const wire::CommandResult& result);
  LinkActions on_answer(MonoTime now, ControlCall call, const Answer& answer);

 private:
  struct Result {
    std::string status;
    std::string detail;
  };

  LinkActions start(MonoTime now);
  LinkActions tell_fabric() const;
  void finish(MonoTime now, Result result);
  LinkActions on_reported(MonoTime now, const Answer& answer);

  NodeId node_;
  NodeFiles& directory_;
  LinkState& state_;
  RandomSource& rng_;
  bool fabric_up_ = false;
  std::uint64_t announced_ = 0;
  std::deque<Command> queue_;  // the front is being carried out; at most kMaxCommandsAPull
  std::optional<MonoTime> deadline_;  // of the front, while the fabric has not answered
  std::optional<Result> result_;  // of the front, until it is reported
  Poller pull_{Duration::zero()};
  Poller report_{Duration::zero()};
};

}  // namespace rap::agent
