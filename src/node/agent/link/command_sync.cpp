#include "node/agent/link/command_sync.hpp"

#include <algorithm>

#include "node/agent/control_problem.hpp"

namespace rap::agent {

CommandSync::CommandSync(NodeId node, NodeFiles& directory, LinkState& state, RandomSource& rng)
    : node_(node), directory_(directory), state_(state), rng_(rng) {}

MonoTime CommandSync::next_wakeup() const {
  return std::min({pull_.next(), report_.next(), deadline_.value_or(Poller::kNever)});
}

LinkActions CommandSync::poll(MonoTime now) {
  LinkActions actions;
  if (deadline_ && *deadline_ <= now) {
    finish(now, {"failed", "rap-fabric on this node did not answer in time"});
  }
  if (pull_.due(now)) {
    pull_.begin();
    actions.push_back(SendToControl{ControlCall::pull_commands,
                                    pull_commands_request(node_, state_.commands_seq)});
  }
  if (report_.due(now) && result_) {
    report_.begin();
    actions.push_back(SendToControl{
        ControlCall::report_result,
        command_result_request(node_, queue_.front().id, result_->status, result_->detail)});
  }
  return actions;
}

void CommandSync::announced(MonoTime now, std::uint64_t seq) {
  announced_ = seq;
  if (seq > state_.commands_seq && queue_.empty()) pull_.hurry(now);
}

// Those at hand come first; then it is asked for one that follows them.
void CommandSync::hinted(MonoTime now) {
  if (queue_.empty()) {
    pull_.hurry(now);
  } else {
    announced_ = std::max(announced_, queue_.back().seq + 1);
  }
}

LinkActions CommandSync::fabric_connected() {
  fabric_up_ = true;
  return deadline_ ? tell_fabric() : LinkActions{};
}

void CommandSync::fabric_answered(MonoTime now, const wire::CommandResult& result) {
  if (deadline_ && queue_.front().id == result.id) finish(now, {result.status, {}});
}

LinkActions CommandSync::on_answer(MonoTime now, ControlCall call, const Answer& answer) {
  if (call == ControlCall::report_result) return on_reported(now, answer);
  if (call != ControlCall::pull_commands) return {};
  auto commands = answer ? parse_commands(*answer) : std::nullopt;
  if (!commands) {
    pull_.failed(now, rng_);
    return {};
  }
  pull_.succeeded(now, rng_);
  if (!queue_.empty()) {
    if (!commands->empty()) announced_ = std::max(announced_, commands->back().seq);
    return {};
  }
  for (Command& command : *commands) {
    if (command.seq > state_.commands_seq) queue_.push_back(std::move(command));
  }
  return start(now);
}

LinkActions CommandSync::start(MonoTime now) {
  if (queue_.empty()) return {};
  const Command& command = queue_.front();
  LinkActions actions{Say{LogLevel::info, "command.received", command.name + " " + command.id}};
  if (!command.type) {
    finish(now, {"unsupported", "this node does not know the command"});
    return actions;
  }
  deadline_ = now + kCommandDeadline;
  if (fabric_up_) append(actions, tell_fabric());
  return actions;
}

LinkActions CommandSync::tell_fabric() const {
  const Command& command = queue_.front();
  return {agent::tell_fabric(wire::RunCommand{command.id, command.type.value(), command.about})};
}

void CommandSync::finish(MonoTime now, Result result) {
  deadline_.reset();
  result_ = std::move(result);
  report_.hurry(now);
}

LinkActions CommandSync::on_reported(MonoTime now, const Answer& answer) {
  if (!answer || !is_settled(answer->status)) {
    report_.failed(now, rng_);
    return {};
  }
  report_.succeeded(now, rng_);
  LinkActions actions;
  state_.commands_seq = queue_.front().seq;
  if (auto saved = save_link_state(directory_, state_); !saved) {
    actions.push_back(Say{LogLevel::warn, "state.write_failed",
                          "The last command's number is not stored: " + saved.error() +
                              ". Free space; after a restart the command is repeated."});
  }
  result_.reset();
  queue_.pop_front();
  if (queue_.empty() && announced_ > state_.commands_seq) pull_.hurry(now);
  append(actions, start(now));
  return actions;
}

}  // namespace rap::agent
