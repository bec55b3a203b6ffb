// An egress of a test's own, behind one or several TestEntries of the same loop: the flows that end
// there echo what they get, over whichever entry they go on.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "client/api/attachment.hpp"
#include "client/api/client_public_keys.hpp"
#include "io/loop/event_loop.hpp"
#include "node/flow/sealed/resumable_flows.hpp"

namespace rap::client {

class TestEgress {
 public:
  // What a flow does here.
  enum class Manner : std::uint8_t {
    echo,  // gives back what it gets, and ends when the other end has
    greets,  // says kGreeting and ends its own direction; keeps what it gets
  };
  static constexpr std::string_view kGreeting = "hello";

  // `keys` are those of the client, which grants name; another seed is another egress.
  TestEgress(io::EventLoop& loop, const ClientPublicKeys& keys, std::uint64_t seed = 17);
  ~TestEgress();

  KnownEgress known() const { return {node_, key_.public_key}; }
  std::size_t flows() const { return flows_.size(); }
  std::size_t held() const { return flows_.held(); }
  void end_flows(wire::FlowReason reason);

  Manner manner = Manner::echo;
  std::optional<wire::FlowReason> refusal;
  std::size_t opened = 0;
  std::size_t resumed = 0;
  std::string got;
  std::vector<wire::FlowEnding> endings;

  // --- for entries -------------------------------------------------------------------------------

  struct Path {
    wire::FlowId flow;
    std::uint64_t number = 0;
  };
  struct Answer {
    Path path;
    Bytes second_message;
  };
  std::expected<Answer, wire::FlowReason> ask(ByteView first_message, std::uint32_t label,
                                              flow::SendQueue& queue);
  void receive(const Path& path, wire::FrameType type, MutableBytes payload);
  void lost(const Path& path);
  void drained();
  NodeId node() const { return node_; }
  bool is_proven(const wire::FlowResume& resume, NodeId entry, ByteView exporter) const;
  std::vector<std::function<void()>> flushers;  // of the entries

 private:
  struct Target;

  crypto::ResumeGrant grant() const;
  void echo(const wire::FlowId& flow);
  void tick();

  ClientPublicKeys keys_;
  SeededRandom rng_;
  NodeId node_ = NodeId::random(rng_);
  crypto::X25519KeyPair key_ = crypto::X25519KeyPair::generate(rng_);
  flow::FlowRights rights_;
  std::map<wire::FlowId, std::unique_ptr<Target>> targets_;
  flow::ResumableFlows flows_{key_, rng_};
  std::uint64_t next_path_ = 1;
  io::Timer timer_;
};

}  // namespace rap::client
