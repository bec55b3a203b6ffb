#include "node/agent/link/event_sync.hpp"

#include <utility>

#include "node/agent/control_problem.hpp"
#include "node/agent/link/calls/node_api.hpp"

namespace rap::agent {
namespace {

// 429 and 5xx say "later".
bool is_refusal(const Answer& answer) {
  constexpr int kTooManyRequests = 429;
  constexpr int kServerErrors = 500;
  return answer && answer->status != kTooManyRequests && answer->status < kServerErrors;
}

}  // namespace

LinkActions EventSync::poll(MonoTime now) {
  if (next_ > now) return {};
  next_ = Poller::kNever;
  return {OpenEvents{events_request(node_)}};
}

LinkActions EventSync::opened(MonoTime now) {
  up_ = true;
  opened_at_ = now;
  trouble_said_ = false;
  refused_.reset();
  return {Say{LogLevel::info, "events.open", "The control plane gives hints."}};
}

LinkActions EventSync::ended(MonoTime now, const Answer& answer) {
  if (std::exchange(up_, false) && now - opened_at_ >= kEventsSteadyAfter) retry_.reset();
  next_ = now + (is_refusal(answer) ? refused_ : retry_).next(rng_);
  if (std::exchange(trouble_said_, true)) return {};
  return {Say{LogLevel::warn, "events.away",
              (answer ? parse_problem(*answer).detail : answer.error()) +
                  " Until there are hints again the control plane is asked more often."}};
}

}  // namespace rap::agent
