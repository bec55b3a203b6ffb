// Two nodes that know each other, and one lifecycle taken to where a test needs it, for tests.
#pragma once

#include <gtest/gtest.h>

#include <vector>

#include "base/seeded_random.hpp"
#include "node/channel/lifecycle.hpp"

namespace rap::channel {

using wire::TrafficClass;
using wire::TrafficClassSet;

template <class A, class Actions>
const A* find(const Actions& actions) {
  for (const auto& a : actions) {
    if (const A* found = std::get_if<A>(&a)) return found;
  }
  return nullptr;
}

class LifecycleTest : public ::testing::Test {
 protected:
  LifecycleTest() {
    context.cluster = cluster;
    context.node = a;
    context.versions = {3, 4, 5, 6, 7};
    context.authority = ConfigAuthority::current;
    context.degraded_classes = {TrafficClass::input};
    context.peers = {{b, {TrafficClass::input, TrafficClass::file_transfer}, true, {"b:1"}}};
  }

  Verdict verdict(NodeId node) const {
    return Proof{wire::SpiffeId::of_node(cluster, node), std::chrono::hours(24)};
  }
  static Verdict refused(FailureReason reason, wire::Severity severity = wire::Severity::close) {
    return std::unexpected(Refusal{reason, severity});
  }
  wire::Hello hello() const {
    wire::Hello h;
    h.cluster = cluster;
    h.node = b;
    h.channel = channel.id();
    h.classes = {TrafficClass::input, TrafficClass::render};
    h.trust_bundle_version = 5;
    h.route_epoch = 7;
    return h;
  }
  wire::Heartbeat heartbeat() const {
    wire::Heartbeat h;
    h.channel = channel.id();
    h.from = b;
    h.to = a;
    h.sequence = 41;
    return h;
  }
  PeerRule& rule() { return context.peers.front(); }

  std::vector<Action> step(const Event& e) { return channel.step(now, e, context); }
  std::vector<Action> timeout() {
    now = *channel.next_timeout();
    return step(event::Timeout{});
  }
  std::vector<Action> context_changed() { return step(event::ContextChanged{}); }
  void dial() {
    step(event::Start{});
    step(event::Connected{});
  }
  void reach_authorizing() {
    dial();
    step(event::Proven{verdict(b)});
    ASSERT_EQ(channel.state(), State::authorizing);
  }
  std::vector<Action> reach_established() {
    reach_authorizing();
    auto actions = step(event::HelloReceived{hello()});
    EXPECT_EQ(channel.state(), State::established);
    return actions;
  }
  // Brings the channel into any state, as the real system would get there.
  void reach(State state) {
    switch (state) {
      case State::idle: return;
      case State::connecting: step(event::Start{}); return;
      case State::handshaking: return dial();
      case State::authenticating: return;  // passed within a step
      case State::authorizing: return reach_authorizing();
      case State::established: reach_established(); return;
      case State::revalidating:
        reach_established();
        context_changed();
        return;
      case State::degraded:
        reach_established();
        while (channel.state() == State::established) timeout();
        return;
      case State::draining:
        reach_established();
        rule().draining = true;
        context_changed();
        return;
      case State::closing:
        reach_established();
        step(event::Stop{});
        return;
      case State::closed: step(event::Stop{}); return;
      case State::failed:
        dial();
        step(event::Lost{FailureReason::network_unreachable});
        return;
    }
  }
  void expect_failed(FailureReason reason, const std::vector<Action>& actions) {
    EXPECT_EQ(channel.state(), State::failed);
    EXPECT_EQ(channel.reason(), reason) << to_string(channel.reason());
    EXPECT_TRUE(find<action::Close>(actions));
    EXPECT_TRUE(channel.classes().empty());
    EXPECT_FALSE(channel.next_timeout());
    EXPECT_FALSE(channel.carries_traffic());
  }

  SeededRandom rng{7};
  ClusterId cluster = ClusterId::random(rng);
  NodeId a = NodeId::random(rng);
  NodeId b = NodeId::random(rng);
  Context context;
  Lifecycle channel = Lifecycle::dialling(ChannelId::random(rng), b);
  MonoTime now{std::chrono::hours(1)};
};

}  // namespace rap::channel
