#include "node/agent/unit_supervision.hpp"

#include <algorithm>
#include <utility>

namespace rap::agent {

UnitActions UnitSupervision::connected(MonoTime now, pid_t pid) {
  here_ = true;
  UnitActions actions;
  if (pid == 0 || pid != known_) actions.push_back(UnitAction::take_up);
  known_ = pid;
  const bool goes = std::exchange(next_goes_, false) || (pid != 0 && pid == leaving_);
  if (!goes) return actions;
  const UnitActions asked = ask(now);
  actions.insert(actions.end(), asked.begin(), asked.end());
  return actions;
}

void UnitSupervision::disconnected() {
  here_ = false;
  heard_at_.reset();
  gone_by_.reset();
}

UnitActions UnitSupervision::ask(MonoTime now) {
  leaving_ = known_;
  gone_by_ = now + patience_.leaving;
  return {UnitAction::ask_to_end};
}

UnitActions UnitSupervision::restart(MonoTime now) {
  if (here_) return ask(now);
  next_goes_ = true;
  return {};
}

UnitActions UnitSupervision::hold(MonoTime now, bool held) {
  if (held) return restart(now);
  next_goes_ = false;
  return {};
}

UnitActions UnitSupervision::woken(MonoTime now) {
  if (!here_ || now < next_wakeup()) return {};
  const bool late = gone_by_ && *gone_by_ <= now;
  heard_at_.reset();
  gone_by_.reset();
  return {late ? UnitAction::cut_late : UnitAction::cut_silent};
}

MonoTime UnitSupervision::next_wakeup() const {
  const MonoTime silent = heard_at_ ? *heard_at_ + patience_.silence : kNever;
  return std::min(silent, gone_by_.value_or(kNever));
}

}  // namespace rap::agent
