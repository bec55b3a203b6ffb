// A client and an egress with a flow between them, in memory: what the tests of this room
// share. A path is two queues; whoever plays the nodes between moves frames from one to the other.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "node/flow/sealed/resumable_flows.hpp"

namespace rap::flow {

// What one end's owner hears.
struct HeardFlow final : SealedEndEvents {
  void flow_data(ByteView bytes) override { data.insert(data.end(), bytes.begin(), bytes.end()); }
  void flow_finished() override { finished = true; }
  void flow_has_room() override {}
  void path_over(std::uint64_t path, wire::FlowReason reason) override { over[path] = reason; }
  void flow_ended(wire::FlowEnding ending) override {
    ended = true;
    why = ending;
  }

  Bytes data;
  bool finished = false;
  bool ended = false;
  wire::FlowEnding why;
  std::map<std::uint64_t, wire::FlowReason> over;
};

using SealedFrame = Bytes;

// The frames that wait in a queue.
std::deque<SealedFrame> frames_in(SendQueue& queue);
wire::FrameView view_of(SealedFrame& frame);

// A path as both ends see it, under one number and label.
struct TestPath {
  explicit TestPath(std::uint64_t n) : number(n) {}
  FlowPath at(SendQueue& queue) const {
    return {number, static_cast<std::uint32_t>(number), &queue};
  }

  std::uint64_t number;
  SendQueue up;  // of the client
  SendQueue down;  // of the egress
};

struct FlowWorld {
  explicit FlowWorld(std::uint64_t seed = 1, ReliableLimits limits = {}, HoldBounds bounds = {});

  // The client's first message, of whoever has the key.
  Bytes first_message(const crypto::X25519KeyPair& key, std::optional<wire::FlowId> resumes);
  FlowRights rights_of(UserId user);
  // What the egress says to one for another path.
  std::expected<Bytes, wire::FlowReason> ask(ByteView first_message, TestPath& path);
  // A grant for the flow, as the control plane signs one.
  crypto::ResumeGrant grant() const;
  // Opens the flow on a first path.
  TestPath& open();
  // Asks for another path and, if it gets one, takes it.
  std::expected<TestPath*, wire::FlowReason> resume();
  TestPath& new_path();

  // Carries what waits on the path, both ways, until nothing does.
  void carry(TestPath& path);
  void carry_up(TestPath& path);
  void carry_down(TestPath& path);
  void to_egress(TestPath& path, SealedFrame frame);
  void to_client(TestPath& path, SealedFrame frame);
  void cut(TestPath& path);

  void client_says(std::string_view text) { client->take(now, as_bytes(text)); }
  void egress_says(std::string_view text) {
    egress.with(now, id, [&](SealedEnd& end) { end.take(now, as_bytes(text)); });
  }

  MonoTime now{};
  SeededRandom rng;
  ReliableLimits limits;
  crypto::X25519KeyPair egress_key = crypto::X25519KeyPair::generate(rng);
  crypto::X25519KeyPair client_key = crypto::X25519KeyPair::generate(rng);
  FlowRights rights = rights_of(UserId::random(rng));
  ResumableFlows egress;
  TailMemory memory;
  HeardFlow client_heard;
  HeardFlow egress_heard;
  std::unique_ptr<SealedEnd> client;
  wire::FlowId id;
  std::uint64_t attempts = 0;
  std::map<std::uint64_t, std::unique_ptr<TestPath>> paths;
  std::optional<crypto::SealInitiator> handshake;
};

}  // namespace rap::flow
