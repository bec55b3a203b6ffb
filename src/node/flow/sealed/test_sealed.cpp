#include "node/flow/sealed/test_sealed.hpp"

#include <gtest/gtest.h>

namespace rap::flow {

using wire::FlowReason;
using wire::TrafficClass;

std::deque<SealedFrame> frames_in(SendQueue& queue) {
  std::deque<SealedFrame> out;
  while (!queue.empty()) {
    Bytes run = to_bytes(queue.peek());
    queue.consume(run.size());
    for (MutableBytes rest(run); !rest.empty();) {
      const auto frame = wire::next_frame(rest);
      EXPECT_TRUE(frame && *frame);
      if (!frame || !*frame) return out;
      out.push_back(to_bytes((*frame)->whole));
      rest = rest.subspan((*frame)->whole.size());
    }
  }
  return out;
}

wire::FrameView view_of(SealedFrame& frame) { return **wire::next_frame(frame); }

FlowWorld::FlowWorld(std::uint64_t seed, ReliableLimits l, HoldBounds bounds)
    : rng(seed), limits(l), egress(egress_key, rng, bounds) {}

Bytes FlowWorld::first_message(const crypto::X25519KeyPair& key,
                               std::optional<wire::FlowId> resumes) {
  handshake.emplace(key, egress_key.public_key, rng);
  return handshake->first_message(
      wire::FirstMessage{TrafficClass::input, resumes, "credential", ++attempts}.encode());
}

std::expected<Bytes, FlowReason> FlowWorld::ask(ByteView message, TestPath& path) {
  auto arrival = egress.read(message);
  if (!arrival) return std::unexpected(arrival.error());
  return egress.resume(now, std::move(*arrival), path.at(path.down), grant());
}

FlowRights FlowWorld::rights_of(UserId user) {
  return {user, SessionId::random(rng), OrganizationId::random(rng), ResourceId::random(rng),
          EgressPoolId::random(rng)};
}

crypto::ResumeGrant FlowWorld::grant() const {
  crypto::ResumeGrant out;
  out.user = rights.user;
  out.session = rights.session;
  out.organization = rights.organization;
  out.resource = rights.resource;
  out.egress_pool = rights.egress_pool;
  out.classes = {TrafficClass::input};
  out.flow_key = client_key.public_key;
  return out;
}

TestPath& FlowWorld::new_path() {
  const std::uint64_t number = 2 * paths.size() + 1;
  return *paths.emplace(number, std::make_unique<TestPath>(number)).first->second;
}

TestPath& FlowWorld::open() {
  TestPath& path = new_path();
  client = std::make_unique<SealedEnd>(FlowSide::opener, TrafficClass::input, memory, client_heard,
                                       now, limits);
  auto arrival = egress.read(first_message(client_key, std::nullopt));
  EXPECT_TRUE(arrival);
  const auto opened =
      egress.open(now, std::move(*arrival), path.at(path.down), rights, egress_heard, limits);
  id = opened.flow;
  auto keys = handshake->finish(opened.answer);
  EXPECT_TRUE(keys);
  const auto answer = wire::FlowAnswer::decode(handshake->answer());
  EXPECT_EQ(answer->flow, id);
  client->opened(now, path.at(path.up), std::move(*keys), answer->position);
  return path;
}

std::expected<TestPath*, FlowReason> FlowWorld::resume() {
  TestPath& path = new_path();
  const auto answer = ask(first_message(client_key, id), path);
  if (!answer) return std::unexpected(answer.error());
  auto keys = handshake->finish(*answer);
  EXPECT_TRUE(keys);
  const auto said = wire::FlowAnswer::decode(handshake->answer());
  client->resumed(now, path.at(path.up), std::move(*keys), said->position);
  return &path;
}

void FlowWorld::to_egress(TestPath& path, SealedFrame frame) {
  const auto view = view_of(frame);
  egress.with(now, id, [&](SealedEnd& end) {
    end.receive(now, path.number, view.header.type, view.payload);
  });
}

void FlowWorld::to_client(TestPath& path, SealedFrame frame) {
  const auto view = view_of(frame);
  client->receive(now, path.number, view.header.type, view.payload);
}

void FlowWorld::carry_up(TestPath& path) {
  for (auto& frame : frames_in(path.up)) to_egress(path, std::move(frame));
}

void FlowWorld::carry_down(TestPath& path) {
  for (auto& frame : frames_in(path.down)) to_client(path, std::move(frame));
}

void FlowWorld::carry(TestPath& path) {
  while (!path.up.empty() || !path.down.empty()) {
    carry_up(path);
    carry_down(path);
  }
}

void FlowWorld::cut(TestPath& path) {
  frames_in(path.up);
  frames_in(path.down);
  client->path_lost(now, path.number);
  egress.with(now, id, [&](SealedEnd& end) { end.path_lost(now, path.number); });
}

}  // namespace rap::flow
