#include "dialling/happy_eyeballs.hpp"

#include <algorithm>

namespace rap::dialling {

std::vector<Action> HappyEyeballs::step(MonoTime now, const Event& event) {
  std::vector<Action> actions;
  if (over_) return actions;
  if (const auto* connected = std::get_if<Succeeded>(&event)) {
    over_ = true;
    actions.emplace_back(Keep{connected->address});
    return actions;
  }
  if (const auto* found = std::get_if<Found>(&event)) take(now, *found);
  if (const auto* failed = std::get_if<Failed>(&event)) {
    --under_way_;
    refused_ = refused_ || failed->how == DialFailure::refused;
    reset_ = reset_ || failed->how == DialFailure::reset;
    last_attempt_.reset();
  }
  proceed(now, actions);
  return actions;
}

void HappyEyeballs::take(MonoTime now, const Found& found) {
  ++parts_;
  looking_ = found.more;
  denied_ = denied_ || found.denied;
  unanswered_ = unanswered_ || found.unanswered;
  for (const policy::IpAddress& address : found.addresses) {
    if (known_.size() == kMaxAddresses) break;
    if (std::ranges::find(known_, address) != known_.end()) continue;
    known_.push_back(address);
    untried_[address.v6 ? 1 : 0].push_back(address);
  }
  const bool is_v4_alone = looking_ && !first_attempt_ && untried_[1].empty() && is_untried();
  held_until_ = is_v4_alone ? std::optional(now + kResolutionDelay) : std::nullopt;
}

policy::IpAddress HappyEyeballs::next_address() {
  // A look-up that is answered in one has put first what goes first.
  if (!turn_) turn_ = parts_ > 1 || known_.front().v6;
  auto& preferred = untried_[*turn_ ? 1 : 0];
  auto& queue = preferred.empty() ? untried_[*turn_ ? 0 : 1] : preferred;
  const policy::IpAddress address = queue.front();
  queue.pop_front();
  turn_ = !address.v6;
  return address;
}

// When the next attempt is due, if there is anything left to try.
std::optional<MonoTime> HappyEyeballs::next_attempt() const {
  if (!is_untried()) return std::nullopt;
  if (held_until_) return held_until_;
  return last_attempt_ ? *last_attempt_ + kAttemptDelay : MonoTime{};
}

void HappyEyeballs::proceed(MonoTime now, std::vector<Action>& actions) {
  if (first_attempt_ && now - *first_attempt_ >= limit_) {
    over_ = true;
    actions.emplace_back(GiveUp{DialFailure::timeout});
    return;
  }
  if (const auto due = next_attempt(); due && *due <= now) {
    held_until_.reset();
    actions.emplace_back(Attempt{next_address()});
    ++under_way_;
    last_attempt_ = now;
    if (!first_attempt_) first_attempt_ = now;
    return;
  }
  if (looking_ || under_way_ > 0 || is_untried()) return;
  over_ = true;
  actions.emplace_back(GiveUp{failure()});
}

DialFailure HappyEyeballs::failure() const {
  if (reset_) return DialFailure::reset;
  if (refused_) return DialFailure::refused;
  if (first_attempt_) return DialFailure::unreachable;
  if (denied_) return DialFailure::denied;
  return unanswered_ ? DialFailure::unanswered : DialFailure::no_address;
}

std::optional<MonoTime> HappyEyeballs::next_wakeup() const {
  if (over_) return std::nullopt;
  std::optional<MonoTime> at = next_attempt();
  if (first_attempt_) {
    const MonoTime end = *first_attempt_ + limit_;
    at = at ? std::min(*at, end) : end;
  }
  return at;
}

}  // namespace rap::dialling
