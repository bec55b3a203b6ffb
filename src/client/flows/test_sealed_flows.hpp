// A client's sealed flows between entries and egresses in memory, for the tests of this room.
// Entries judge nothing but the proof of whoever goes on with a flow, and do what the test wants.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/seeded_random.hpp"
#include "client/flows/sealed_flows.hpp"
#include "node/flow/sealed/resumable_flows.hpp"

namespace rap::client {

// One who uses a flow, and takes what comes at once unless told otherwise.
struct FlowUserDouble final : SealedFlowUser {
  void flow_accepted() override { ++accepted; }
  void flow_received(ByteView bytes) override { data.append(as_text(bytes)); }
  void flow_finished() override { finished = true; }
  void flow_writable() override { ++writable; }
  bool flow_lacks_tokens(wire::FlowReason last) override {
    lacked.push_back(last);
    return waits_for_tokens;
  }
  void flow_ended(wire::FlowEnding how, bool, const std::string& why) override {
    ++ended;
    ending = how;
    detail = why;
  }

  int accepted = 0;
  std::string data;
  bool finished = false;
  int writable = 0;
  bool waits_for_tokens = false;
  std::vector<wire::FlowReason> lacked;
  int ended = 0;
  wire::FlowEnding ending;
  std::string detail;
};

// The target of one flow, at its egress.
struct TargetDouble final : flow::SealedEndEvents {
  void flow_data(ByteView bytes) override {
    data.append(as_text(bytes));
    untaken += bytes.size();
  }
  void flow_finished() override { finished = true; }
  void flow_has_room() override {}
  void path_over(std::uint64_t path, wire::FlowReason) override { over.push_back(path); }
  void flow_ended(wire::FlowEnding how) override {
    ended = true;
    ending = how;
  }

  std::string data;
  std::size_t untaken = 0;
  bool takes = true;
  bool finished = false;
  bool ended = false;
  wire::FlowEnding ending;
  std::vector<std::uint64_t> over;
};

struct EgressDouble {
  explicit EgressDouble(RandomSource& rng)
      : node(NodeId::random(rng)), key(crypto::X25519KeyPair::generate(rng)), flows(key, rng) {}

  NodeId node;
  crypto::X25519KeyPair key;
  flow::ResumableFlows flows;
  std::map<wire::FlowId, std::unique_ptr<TargetDouble>> targets;
  std::vector<wire::FlowId> opened;  // in their order
  std::optional<wire::FlowReason> refuses;
};

struct EntryDouble {
  enum class Way : std::uint8_t { up, down, silent };

  Candidate candidate;
  Way way = Way::up;
  bool answers = true;
  std::optional<wire::FlowReason> refuses;
  std::size_t most_flows = 1000;
  std::size_t dialled = 0;
  std::vector<std::uint64_t> attempts;  // to resume, of those that reached an egress
  std::size_t questions = 0;
};

// So many bytes that tell where they are missing.
std::string pattern(std::size_t size);

class FlowsWorld : public LinkDialler {
 public:
  explicit FlowsWorld(std::size_t entries = 2, std::size_t egresses = 2,
                      std::size_t tails = kMaxClientTails);

  // LinkDialler
  void dial(LinkNumber link, const Candidate& entry) override;
  void has_output(LinkNumber) override {}
  void passed_over(const Candidate& entry, wire::FallbackCause, std::string_view) override {
    passed.push_back(entry.url.authority.host);
  }

  FlowNumber open(FlowUserDouble& user) {
    return flows.open(now, user, attachment(), wire::TrafficClass::input);
  }
  Attachment attachment();
  void say(FlowNumber flow, std::string_view text) { flows.take(now, flow, as_bytes(text)); }
  // What the target of the flow that was opened as the n-th says.
  void target_says(std::size_t n, std::string_view text);
  TargetDouble& target(std::size_t n);
  EgressDouble& egress_of(std::size_t n) { return *opened[n].first; }

  // Carries everything until nothing waits.
  void carry();
  void run(Duration time, Duration step = std::chrono::milliseconds{25});
  void cut(std::size_t entry);  // its connections
  std::size_t carried_by(std::size_t entry) const;

  std::chrono::seconds hold{300};
  MonoTime now{std::chrono::hours{1}};
  SeededRandom rng{11};
  ClientKeys keys = ClientKeys::generate(rng);
  std::vector<std::unique_ptr<EntryDouble>> entries;
  std::vector<std::unique_ptr<EgressDouble>> egresses;
  SealedFlows flows;
  std::vector<std::string> passed;
  std::vector<std::pair<EgressDouble*, wire::FlowId>> opened;
  std::size_t carried = 0;  // frames
  std::function<bool(const wire::FrameView&)> drops;  // of those that clients send

 private:
  struct Path {
    EgressDouble* egress = nullptr;
    wire::FlowId flow;
    std::uint64_t number = 0;
  };
  struct Connection {
    EntryDouble* entry = nullptr;
    Bytes exporter;
    flow::SendQueue down;
    std::map<std::uint32_t, Path> paths;
  };

  void connect();
  bool carry_up(LinkNumber link, Connection& connection);
  bool carry_down(LinkNumber link, Connection& connection);
  void from_client(Connection& connection, const wire::FrameView& frame);
  void ask_egress(Connection& connection, std::uint32_t label, NodeId egress, ByteView first);
  void refuse(Connection& connection, std::uint32_t label, wire::FlowReason reason);
  crypto::ResumeGrant grant() const;

  flow::FlowRights rights_;
  std::deque<LinkNumber> dialled_;
  std::map<LinkNumber, std::unique_ptr<Connection>> connections_;
  std::uint64_t next_path_ = 1;
  int tokens_ = 0;
};

}  // namespace rap::client
