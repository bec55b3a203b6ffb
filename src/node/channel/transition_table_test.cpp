#include "node/channel/transition_table.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "node/channel/channel_world.hpp"

namespace rap::channel {
namespace {

// The table as the documentation shows it; `-` is an event the state cannot meet.
std::string as_markdown() {
  std::string out = "| |";
  for (std::size_t s = 0; s < kStateCount; ++s) {
    out += " " + std::string(to_string(static_cast<State>(s))) + " |";
  }
  out += "\n|---|";
  for (std::size_t s = 0; s < kStateCount; ++s) out += "---|";
  out += "\n";
  for (std::size_t e = 0; e < kEventCount; ++e) {
    const auto event = static_cast<EventKind>(e);
    out += "| **" + std::string(to_string(event)) + "** |";
    for (std::size_t s = 0; s < kStateCount; ++s) {
      const Transition outcome = transition_of(static_cast<State>(s), event);
      out +=
          outcome == Transition::impossible ? " - |" : " " + std::string(to_string(outcome)) + " |";
    }
    out += "\n";
  }
  return out;
}

TEST(TransitionTable, IsTheOneInTheDocumentation) {
  std::ifstream file(std::string(RAP_SOURCE_DIR) + "/docs/protocol/channels.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(as_markdown()), std::string::npos)
      << "docs/protocol/channels.md must contain:\n"
      << as_markdown();
}

TEST(TransitionTable, LetsNoFrameButAHelloAdvanceAChannelThatIsNotEstablished) {
  for (const State s :
       {State::connecting, State::handshaking, State::authenticating, State::authorizing}) {
    for (const EventKind e : {EventKind::heartbeat, EventKind::ack}) {
      const Transition outcome = transition_of(s, e);
      EXPECT_TRUE(outcome == Transition::refuse || outcome == Transition::impossible);
    }
  }
}

// --- every event in every state

Event example(EventKind kind, const wire::Hello& hello, const wire::Heartbeat& heartbeat,
              const Verdict& verdict) {
  switch (kind) {
    case EventKind::start: return event::Start{};
    case EventKind::accepted: return event::Accepted{};
    case EventKind::connected: return event::Connected{};
    case EventKind::proven: return event::Proven{verdict};
    case EventKind::lost: return event::Lost{FailureReason::network_unreachable};
    case EventKind::hello: return event::HelloReceived{hello};
    case EventKind::heartbeat: return event::HeartbeatReceived{LaneKind::interactive, heartbeat};
    case EventKind::ack: return event::AckReceived{LaneKind::interactive, {1, 0}};
    case EventKind::goodbye: return event::GoodbyeReceived{FailureReason::none};
    case EventKind::context: return event::ContextChanged{};
    case EventKind::revalidated: return event::Revalidated{verdict};
    case EventKind::lane_joined: return event::LaneJoined{};
    case EventKind::lane_lost: return event::LaneLost{FailureReason::none};
    case EventKind::violation: return event::Violation{};
    case EventKind::idle: return event::Idle{};
    case EventKind::timeout: return event::Timeout{};
    case EventKind::stop: return event::Stop{};
  }
  return event::Timeout{};
}

// The states that an outcome may lead to; no other is ever seen.
std::vector<State> successors(Transition outcome, State from) {
  using enum State;
  switch (outcome) {
    case Transition::ignore:
    case Transition::impossible: return {from};
    case Transition::refuse:
    case Transition::lose: return {failed};
    case Transition::dial: return {connecting};
    case Transition::listen:
    case Transition::handshake: return {handshaking};
    case Transition::authenticate: return {authorizing, failed};
    case Transition::greet: return {established, degraded, failed};
    case Transition::greet_again: return {from, established, degraded, draining, failed};
    case Transition::answer: return {from, draining, failed};
    case Transition::measure: return {from, established, failed};
    case Transition::part: return {closing};
    case Transition::reconsider: return {from, revalidating, draining, failed};
    case Transition::conclude: return {from, established, degraded, draining, failed};
    case Transition::join:
    case Transition::unjoin: return {from};
    case Transition::finish: return {draining, closing};
    case Transition::expire: return {from, degraded, revalidating, closing, closed, failed};
    case Transition::stop: return {closing};
    case Transition::gone: return {closed};
  }
  return {};
}

class Transitions : public LifecycleTest, public ::testing::WithParamInterface<std::size_t> {};

TEST_P(Transitions, LeadWhereTheTableSays) {
  const auto from = static_cast<State>(GetParam() / kEventCount);
  const auto kind = static_cast<EventKind>(GetParam() % kEventCount);
  if (from == State::authenticating) return;  // passed within a step
  reach(from);
  ASSERT_EQ(channel.state(), from);
  step(example(kind, hello(), heartbeat(), verdict(b)));
  const auto allowed = successors(transition_of(from, kind), from);
  EXPECT_NE(std::ranges::find(allowed, channel.state()), allowed.end())
      << to_string(from) << " × " << to_string(kind) << " → " << to_string(channel.state());
  if (is_terminal(from)) {
    EXPECT_EQ(channel.state(), from) << "never comes back";
  }
}

INSTANTIATE_TEST_SUITE_P(EveryEventInEveryState, Transitions,
                         ::testing::Range(std::size_t{0}, kStateCount* kEventCount));

}  // namespace
}  // namespace rap::channel
