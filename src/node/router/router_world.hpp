// A fixture of tests: the data plane of four nodes in one process, the shipped router over memory,
// and clients that seal their flows.
//
//   client ─┬─ entry ──┬─ relay ── egress ── target
//           └─ second ─┘
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "adapters/contract/memory_adapter.hpp"
#include "base/seeded_random.hpp"
#include "node/router/router.hpp"

namespace rap::router {

using policy::NodeRole;
using wire::FlowReason;
using wire::FrameType;
using wire::TrafficClass;
using namespace std::chrono_literals;

constexpr WallTime kWall{std::chrono::seconds{1'800'000'000}};

struct NoFlush : LinkPort {
  void flush(LinkId) override {}
  void read_on(LinkId) override { ++read_on_again; }
  void left(LinkId link) override { has_left.push_back(link); }
  void wake_at(MonoTime when) override { wakes = when; }
  void routes_at(MonoTime when) override { routes = when; }
  int read_on_again = 0;
  std::vector<LinkId> has_left;  // of whose queues flows wait for room
  std::optional<MonoTime> wakes;
  MonoTime routes = MonoTime::max();  // when some are due
};

struct WorldNode {
  NoFlush port;
  adapters::MemoryAdapter targets;
  Router router;
  snapshot::NodeConfig config;

  WorldNode(RandomSource& rng, WallTime started)
      : router(port, {{policy::AdapterKind::tcp, &targets}}, rng, started) {
    router.replace_security({}, true, true, started);  // there is none
  }
};

inline Bytes frame_of(FrameType type, std::uint32_t label, ByteView payload,
                      TrafficClass c = TrafficClass::input) {
  Bytes frame(wire::kFrameHeader);
  wire::encode_header({type, c, static_cast<std::uint16_t>(payload.size()), label}, frame.data());
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

struct Received {
  wire::FrameHeader header;
  Bytes payload;
};

struct ClientLine;

// The client's end of a flow, and what it hears.
struct FlowAtClient final : flow::SealedEndEvents {
  void flow_data(ByteView bytes) override { heard += as_text(bytes); }
  void flow_finished() override { finished = true; }
  void flow_has_room() override {}
  void path_over(std::uint64_t path, FlowReason reason) override { over[path] = reason; }
  void flow_ended(wire::FlowEnding ending) override {
    ended = true;
    why = ending;
  }

  TrafficClass traffic_class = TrafficClass::input;
  std::string grant;
  std::unique_ptr<flow::SealedEnd> end;
  wire::FlowId id;
  std::uint64_t attempts = 0;
  std::optional<crypto::SealInitiator> handshake;
  ClientLine* line = nullptr;  // the last one it asked on
  std::uint32_t label = 0;
  std::uint64_t number = 0;
  bool accepted = false;
  std::optional<FlowReason> refused;

  std::string heard;
  bool finished = false;
  bool ended = false;
  wire::FlowEnding why;
  std::map<std::uint64_t, FlowReason> over;
};

// A client's connection to an entry.
struct ClientLine {
  WorldNode* entry = nullptr;
  NodeId entry_id;
  LinkId link = 0;
  Bytes exporter;
  std::uint32_t next_label = 1;
  flow::SendQueue up;
  wire::WebSocketDecoder decoder{wire::WebSocketRole::client};
  std::map<std::uint32_t, std::pair<FlowAtClient*, std::uint64_t>> flows;  // and the path's number
  bool reads = true;
  bool closed = false;  // by the entry
  std::vector<Received> came;
};

class RouterTest : public ::testing::Test {
 protected:
  SeededRandom rng{99};
  MonoTime now{1h};
  WallTime wall = kWall;
  ClusterId cluster = ClusterId::random(rng);
  crypto::PrivateKey token_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  crypto::X25519KeyPair seal_key = crypto::X25519KeyPair::generate(rng);
  snapshot::ConfiguredResource resource{ResourceId::random(rng),
                                        OrganizationId::random(rng),
                                        EgressPoolId::random(rng),
                                        policy::Protocol::ssh,
                                        "10.0.0.5",
                                        22};
  crypto::X25519KeyPair flow_key = crypto::X25519KeyPair::generate(rng);
  crypto::PrivateKey proof_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  UserId user = UserId::random(rng);
  SessionId session = SessionId::random(rng);
  NodeId entry_id = NodeId::random(rng);
  NodeId second_id = NodeId::random(rng);
  NodeId relay_id = NodeId::random(rng);
  NodeId egress_id = NodeId::random(rng);
  WorldNode entry{rng, kWall - 100s};
  WorldNode second{rng, kWall - 100s};
  WorldNode relay{rng, kWall - 100s};
  WorldNode egress{rng, kWall - 100s};

  struct Hop {
    WorldNode* a;
    LinkId on_a;
    WorldNode* b;
    LinkId on_b;
    std::size_t bytes = 0;
  };
  std::vector<Hop> hops;

  flow::TailMemory memory;
  std::vector<std::unique_ptr<ClientLine>> lines;
  std::vector<std::unique_ptr<FlowAtClient>> flows;
  std::uint64_t next_path = 1;
  Bytes on_the_wire;
  bool tamper = false;  // the relays alter every record they pass on

  void SetUp() override {
    for (auto [node, id, role] : {std::tuple(&entry, entry_id, NodeRole::entry),
                                  std::tuple(&relay, relay_id, NodeRole::relay),
                                  std::tuple(&egress, egress_id, NodeRole::egress)}) {
      node->config.cluster = cluster;
      node->config.node = id;
      node->config.roles = {role};
    }
    const snapshot::TokenKey key{"k1", token_key.public_key().pem()};
    entry.config.token_keys = {key};
    entry.config.pools = {{resource.pool, {{egress_id, seal_key.public_key}}}};
    entry.config.routes = {{egress_id, {relay_id}}};
    relay.config.routes = {{egress_id, {egress_id}}};
    egress.config.token_keys = {key};
    egress.config.resources = {resource};
    egress.router.set_seal_key(seal_key);
    for (WorldNode* n : {&entry, &relay, &egress}) n->router.configure(n->config);
    connect(entry, entry_id, relay, relay_id);
    connect(egress, egress_id, relay, relay_id);
    second.config = entry.config;
    second.config.node = second_id;
    second.router.configure(second.config);
    connect(second, second_id, relay, relay_id);
  }

  void connect(WorldNode& a, NodeId a_id, WorldNode& b, NodeId b_id) {
    const auto all = wire::TrafficClassSet::all();
    hops.push_back({&a, *a.router.node_up(b_id, all, flow::LabelSide::odd), &b,
                    *b.router.node_up(a_id, all, flow::LabelSide::even), 0});
  }

  crypto::DataPlaneToken token() {
    crypto::DataPlaneToken t;
    t.id = TokenId::random(rng);
    t.cluster = cluster;
    t.session = session;
    t.attachment = AttachmentId::random(rng);
    t.user = user;
    t.organization = resource.organization;
    t.resource = resource.id;
    t.egress_pool = resource.pool;
    t.entry = entry_id;
    t.classes = {TrafficClass::input, TrafficClass::file_transfer};
    t.flow_key = flow_key.public_key;
    t.session_began = wall;
    t.issued_at = wall;
    t.expires_at = wall + 60s;
    return t;
  }
  std::string sign(const crypto::DataPlaneToken& t) { return sign_token(t, token_key, "k1"); }

  ClientLine& dial(WorldNode& at, NodeId id) {
    auto line = std::make_unique<ClientLine>();
    line->entry = &at;
    line->entry_id = id;
    line->exporter = rng.bytes(crypto::kResumeExporterBytes);
    line->link = *at.router.client_up(policy::IpAddress::parse("203.0.113.9"), line->exporter);
    return *lines.emplace_back(std::move(line));
  }
  ClientLine& dial() { return dial(entry, entry_id); }

  crypto::ResumeGrant grant() {
    crypto::ResumeGrant g;
    g.id = TokenId::random(rng);
    g.cluster = cluster;
    g.session = session;
    g.attachment = AttachmentId::random(rng);
    g.user = user;
    g.organization = resource.organization;
    g.resource = resource.id;
    g.egress_pool = resource.pool;
    g.classes = {TrafficClass::input, TrafficClass::file_transfer};
    std::ranges::copy(proof_key.public_key().raw(), g.proof_key.begin());
    g.flow_key = flow_key.public_key;
    g.session_began = g.issued_at = wall;
    g.expires_at = wall + 3600s;
    return g;
  }
  std::string sign(const crypto::ResumeGrant& g) { return sign_grant(g, token_key, "k1"); }

  FlowAtClient& new_flow(TrafficClass c = TrafficClass::input) {
    FlowAtClient& flow = *flows.emplace_back(std::make_unique<FlowAtClient>());
    flow.traffic_class = c;
    flow.grant = sign(grant());
    flow.end = std::make_unique<flow::SealedEnd>(flow::FlowSide::opener, c, memory, flow, now);
    return flow;
  }
  Bytes first_message(FlowAtClient& flow, std::string_view credential,
                      std::optional<wire::FlowId> resumes = {}) {
    flow.handshake.emplace(flow_key, seal_key.public_key, rng);
    return flow.handshake->first_message(
        wire::FirstMessage{flow.traffic_class, resumes, credential, flow.attempts}.encode());
  }
  // The flow has another label there from now on.
  void ask(ClientLine& line, FlowAtClient& flow, FrameType type, ByteView payload) {
    flow.line = &line;
    flow.label = std::exchange(line.next_label, line.next_label + 2);
    flow.number = next_path++;
    flow.accepted = false;
    flow.refused.reset();
    line.flows[flow.label] = {&flow, flow.number};
    line.up.append(
        {type, flow.traffic_class, static_cast<std::uint16_t>(payload.size()), flow.label},
        payload);
  }
  void open(ClientLine& line, FlowAtClient& flow, const std::string& token) {
    const Bytes first = first_message(flow, token);
    ask(line, flow, FrameType::flow_request, wire::FlowRequest{egress_id, token, first}.encode());
    run();
  }
  FlowAtClient& open(ClientLine& line, TrafficClass c = TrafficClass::input) {
    FlowAtClient& flow = new_flow(c);
    open(line, flow, sign(token()));
    EXPECT_TRUE(flow.accepted);
    return flow;
  }
  wire::FlowResume resume_of(const ClientLine& line, FlowAtClient& flow, ByteView first) {
    wire::FlowResume resume{.egress = egress_id, .grant = flow.grant, .first_message = first};
    const crypto::ResumeTranscript said{flow.grant, line.entry_id, line.exporter, first};
    std::ranges::copy(crypto::make_resume_proof(proof_key, said), resume.proof.begin());
    return resume;
  }
  void resume(ClientLine& line, FlowAtClient& flow) {
    ++flow.attempts;
    const Bytes first = first_message(flow, flow.grant, flow.id);
    ask(line, flow, FrameType::flow_resume, resume_of(line, flow, first).encode());
    run();
  }
  // The connection breaks, as the entry sees it and as the client does.
  void cut(ClientLine& line) {
    line.entry->router.link_down(line.link, FlowReason::peer_lost);
    lost(line);
    run();
  }
  void lost(ClientLine& line) {
    line.closed = true;
    for (auto& [label, at] : line.flows) at.first->end->path_lost(now, at.second);
  }

  void say(FlowAtClient& flow, std::string_view text) {
    EXPECT_EQ(flow.end->take(now, as_bytes(text)), text.size());
    run();
  }
  adapters::MemoryAdapter::Target& target() { return *egress.targets.all.begin()->second; }
  std::vector<std::shared_ptr<adapters::MemoryAdapter::Target>> targets() {
    std::vector<std::shared_ptr<adapters::MemoryAdapter::Target>> out;
    for (const auto& [id, target] : egress.targets.all) out.push_back(target);
    return out;
  }
  void answer(std::string_view text) { answer(target(), text); }
  void answer(adapters::MemoryAdapter::Target& of, std::string_view text) {
    egress.targets.say(of, text);
    run();
  }
  // Time goes by, with all that wakes up meanwhile.
  void pass(Duration time, Duration step = flow::kAckDelay) {
    for (const MonoTime until = now + time; now < until;) {
      now += step;
      for (auto& flow : flows) flow->end->wakeup(now);
      for (WorldNode* node : nodes()) {
        if (node->port.wakes && *node->port.wakes <= now) {
          node->port.wakes.reset();
          node->router.wake(now, wall);
        }
      }
      run();
    }
  }
  std::vector<WorldNode*> nodes() { return {&entry, &second, &relay, &egress}; }

  // Moves every frame until there is none left that moves.
  void run() {
    for (bool more = true; more;) {
      more = false;
      for (auto& line : lines) more = carry_up(*line) || more;
      for (Hop& h : hops) more = move(h, *h.a, h.on_a, *h.b, h.on_b) || more;
      for (Hop& h : hops) more = move(h, *h.b, h.on_b, *h.a, h.on_a) || more;
      while (!egress.targets.opening.empty()) {
        egress.targets.accept(egress.targets.opening.front());
        more = true;
      }
      more = egress.targets.settle() || more;
      for (WorldNode* node : nodes()) {
        for (const LinkId link : std::exchange(node->port.has_left, {})) {
          node->router.room(link, now, wall);
          more = true;
        }
      }
      for (auto& line : lines) more = carry_down(*line) || more;
    }
  }
  // Between the nodes alone, and no target is opened.
  void settle_nodes() {
    for (bool more = true; more;) {
      more = false;
      for (Hop& h : hops) more = move(h, *h.a, h.on_a, *h.b, h.on_b) || more;
      for (Hop& h : hops) more = move(h, *h.b, h.on_b, *h.a, h.on_a) || more;
    }
  }
  bool carry_up(ClientLine& line) {
    Bytes run = to_bytes(line.up.peek());
    line.up.consume(run.size());
    if (line.closed) return false;
    for (MutableBytes rest(run); !rest.empty();) {
      const auto frame = wire::next_frame(rest);
      if (!line.entry->router.on_frame(line.link, **frame, now, wall)) {
        line.entry->router.link_down(line.link, FlowReason::protocol_error);
        lost(line);
        return true;
      }
      rest = rest.subspan((*frame)->whole.size());
    }
    return !run.empty();
  }
  bool carry_down(ClientLine& line) {
    if (line.closed || !line.reads) return false;
    auto& queue = line.entry->router.queue(line.link);
    Bytes run = to_bytes(queue.peek());
    queue.consume(run.size());
    for (MutableBytes rest(run); !rest.empty();) {
      std::size_t used = 0;
      wire::WebSocketMessage m;
      EXPECT_EQ(line.decoder.next(rest, used, m), wire::WebSocketDecoder::Result::message);
      hear(line, **wire::next_frame(m.payload));
      rest = rest.subspan(used);
    }
    return !run.empty();
  }
  void hear(ClientLine& line, const wire::FrameView& frame) {
    line.came.push_back({frame.header, to_bytes(frame.payload)});
    const auto at = line.flows.find(frame.header.label);
    if (at == line.flows.end()) return;
    auto& [flow, number] = at->second;
    if (frame.header.type == FrameType::flow_refuse) {
      flow->refused = wire::decode_reason(frame.payload);
    } else if (frame.header.type != FrameType::flow_accept) {
      const std::size_t before = flow->heard.size();
      flow->end->receive(now, number, frame.header.type, frame.payload);
      flow->end->consumed(now, flow->heard.size() - before);
    } else if (number == flow->number) {
      take(line, *flow, frame.payload);
    }
  }
  void take(ClientLine& line, FlowAtClient& flow, ByteView payload) {
    auto keys = flow.handshake->finish(payload);
    ASSERT_TRUE(keys);
    const auto said = wire::FlowAnswer::decode(flow.handshake->answer());
    ASSERT_TRUE(said);
    flow.accepted = true;
    const flow::FlowPath path{flow.number, flow.label, &line.up};
    if (flow.id.is_nil()) {
      flow.id = said->flow;
      flow.end->opened(now, path, std::move(*keys), said->position);
    } else {
      flow.end->resumed(now, path, std::move(*keys), said->position);
    }
  }

  // What a client hears that asks for a flow with this token, and gets none.
  FlowReason refused(const std::string& with, TrafficClass c = TrafficClass::input) {
    FlowAtClient& flow = new_flow(c);
    open(dial(), flow, with);
    EXPECT_FALSE(flow.accepted);
    return flow.refused.value_or(FlowReason::unknown_label);
  }
  static std::uint64_t refusals(WorldNode& node, FlowReason reason) {
    return node.router.board().refusals()[static_cast<std::size_t>(reason)];
  }
  // What an entry sends on: its label is one that nobody has yet.
  Bytes attach_frame(ByteView first_message, std::string_view judged, bool resumes = false,
                     std::uint32_t label = 1000, std::uint8_t hops_left = 4) {
    const wire::AttachedMessage message{resumes, crypto::sha256(as_bytes(judged)), first_message};
    return frame_of(FrameType::flow_attach, label,
                    wire::FlowOpen{egress_id, hops_left, message.encode()}.encode());
  }
  bool says(WorldNode& node, LinkId link, Bytes frame) {
    return node.router.on_frame(link, **wire::next_frame(frame), now, wall);
  }

  bool move(Hop& h, WorldNode& from, LinkId out, WorldNode& to, LinkId in) {
    if (from.router.board().find(out) == nullptr) return false;
    auto& queue = from.router.queue(out);
    Bytes run = to_bytes(queue.peek());
    queue.consume(run.size());
    h.bytes += run.size();
    on_the_wire.insert(on_the_wire.end(), run.begin(), run.end());
    for (MutableBytes rest(run); !rest.empty();) {
      const auto frame = wire::next_frame(rest);
      if (tamper && (*frame)->header.type == FrameType::data) ++(*frame)->payload[0];
      EXPECT_TRUE(to.router.on_frame(in, **frame, now, wall));
      rest = rest.subspan((*frame)->whole.size());
    }
    return !run.empty();
  }
  void expect_no_flow_anywhere() {
    for (WorldNode* n : nodes()) {
      n->router.board().for_each([](LinkId, Link& l) { EXPECT_EQ(l.flows.size(), 0U); });
      EXPECT_EQ(n->router.entry().flows().size(), 0U);
      EXPECT_EQ(n->router.egress().flows().size(), 0U);
    }
  }
};

}  // namespace rap::router
