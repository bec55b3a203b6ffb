#include "client/flows/opening_order.hpp"

#include <algorithm>

namespace rap::client {

using wire::FlowReason;

namespace {

enum class NextAsk : std::uint8_t {
  nobody,
  other_entry,   // which takes its token
  other_egress,  // this one does not get to the target
  other_way,     // another entry, another egress: whichever it was
};

NextAsk next_after(FlowReason reason) {
  using enum FlowReason;
  switch (reason) {
    case target_unreachable:
    case target_refused:
    case target_timeout:
    case lookup_limit:
    case token_expired: return NextAsk::other_egress;  // by that egress's clock
    case no_route:
    case hop_limit:
    case limit_reached:
    case not_ready:
    case peer_lost:
    case setup_timeout:
    case shutting_down:
    case seal_failed: return NextAsk::other_way;  // of another key, or somebody changed it
    case token_invalid:
    case wrong_entry:
    case proof_invalid: return NextAsk::other_entry;
    case protocol_error:
    case unknown_label:
    case flow_control:
    case token_replayed:
    case wrong_cluster:
    case wrong_resource:
    case channel_class_denied:
    case session_ended:
    case signed_out:
    case blocklisted:
    case target_denied:
    case target_reset:
    case out_of_sequence:
    case tail_gone:
    case unknown_flow:
    case hold_expired:
    case superseded: return NextAsk::nobody;
  }
  return NextAsk::nobody;
}

int says_of_the_target(FlowReason reason) {
  if (reason == FlowReason::target_refused) return 3;  // something is there and answers
  if (reason == FlowReason::target_unreachable || reason == FlowReason::target_timeout) return 2;
  return reason == FlowReason::lookup_limit ? 1 : 0;
}

}  // namespace

std::optional<std::size_t> OpeningOrder::current() const {
  for (std::size_t i = 0; i < egresses_.size(); ++i) {
    const std::size_t at = (egress_ + i) % egresses_.size();
    if (std::ranges::find(unreached_, egresses_[at]) == unreached_.end()) return at;
  }
  return std::nullopt;
}

std::optional<OpeningOrder::Ask> OpeningOrder::next() const {
  const auto egress = current();
  if (over_ || token_ >= tokens_ || !egress) return std::nullopt;
  return Ask{token_, egresses_[*egress]};
}

bool OpeningOrder::has_another() const {
  const auto asked = current();
  return asked && token_ + 1 < tokens_ && std::ranges::any_of(egresses_, [&](NodeId one) {
           return one != egresses_[*asked] &&
                  std::ranges::find(unreached_, one) == unreached_.end();
         });
}

void OpeningOrder::entry_failed() {
  ++token_;
  if (says_of_the_target(verdict_) == 0) verdict_ = FlowReason::peer_lost;
}

void OpeningOrder::refused(FlowReason reason) {
  ++token_;
  const NextAsk next = next_after(reason);
  over_ = next == NextAsk::nobody;
  if (over_ || says_of_the_target(reason) >= says_of_the_target(verdict_)) verdict_ = reason;
  const auto asked = current();
  if (!asked) return;
  if (next == NextAsk::other_egress) unreached_.push_back(egresses_[*asked]);
  if (next != NextAsk::other_entry) egress_ = *asked + 1;
}

void OpeningOrder::renew(std::size_t tokens, std::vector<NodeId> egresses) {
  const auto before = current();
  const auto wanted = before ? std::optional(egresses_[*before]) : std::nullopt;
  tokens_ = tokens;
  token_ = 0;
  egresses_ = std::move(egresses);
  const auto found = wanted ? std::ranges::find(egresses_, *wanted) : egresses_.end();
  egress_ = found == egresses_.end() ? 0 : static_cast<std::size_t>(found - egresses_.begin());
}

}  // namespace rap::client
