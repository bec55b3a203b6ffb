// A fixture of tests: the data plane of three nodes and a client in one process, the shipped router
// over memory.
//
//   client ── entry ── relay ── egress ── target
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>

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
  NodeId entry_id = NodeId::random(rng);
  NodeId relay_id = NodeId::random(rng);
  NodeId egress_id = NodeId::random(rng);
  WorldNode entry{rng, kWall - 100s};
  WorldNode relay{rng, kWall - 100s};
  WorldNode egress{rng, kWall - 100s};
  LinkId client = 0;
  std::vector<Received> at_client;

  struct Hop {
    WorldNode* a;
    LinkId on_a;
    WorldNode* b;
    LinkId on_b;
    std::size_t bytes = 0;
  };
  std::vector<Hop> hops;

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
    client = *entry.router.client_up(policy::IpAddress::parse("203.0.113.7"));
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
    t.session = SessionId::random(rng);
    t.attachment = AttachmentId::random(rng);
    t.user = UserId::random(rng);
    t.organization = resource.organization;
    t.resource = resource.id;
    t.egress_pool = resource.pool;
    t.entry = entry_id;
    t.classes = {TrafficClass::input, TrafficClass::file_transfer};
    t.session_began = wall;
    t.issued_at = wall;
    t.expires_at = wall + 60s;
    return t;
  }
  std::string sign(const crypto::DataPlaneToken& t) { return sign_token(t, token_key, "k1"); }

  // --- the client ---
  bool client_sends(FrameType type, std::uint32_t label, ByteView payload,
                    TrafficClass c = TrafficClass::input) {
    Bytes frame = frame_of(type, label, payload, c);
    const bool ok = entry.router.on_frame(client, **wire::next_frame(frame), now, wall);
    settle();
    return ok;
  }
  bool request(std::uint32_t label, const std::string& t, TrafficClass c = TrafficClass::input) {
    return client_sends(FrameType::flow_request, label, as_bytes(t), c);
  }
  bool data(std::uint32_t label, std::string_view text) {
    return client_sends(FrameType::data, label, as_bytes(text));
  }

  // Moves every queued frame one hop until nothing is queued; opens targets that wait.
  void settle(bool open_targets = true) {
    for (bool more = true; more;) {
      more = false;
      for (Hop& h : hops) more = move(h, *h.a, h.on_a, *h.b, h.on_b) || more;
      for (Hop& h : hops) more = move(h, *h.b, h.on_b, *h.a, h.on_a) || more;
      while (open_targets && !egress.targets.opening.empty()) {
        const TargetId id = egress.targets.opening.front();
        egress.targets.accept(id);
        more = true;
      }
    }
    read_client();
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
  void read_client() {
    if (entry.router.board().find(client) == nullptr) return;
    auto& queue = entry.router.queue(client);
    wire::WebSocketDecoder decoder(wire::WebSocketRole::client);
    while (!queue.empty()) {
      Bytes run = to_bytes(queue.peek());
      queue.consume(run.size());
      for (MutableBytes rest(run); !rest.empty();) {
        std::size_t used = 0;
        wire::WebSocketMessage m;
        ASSERT_EQ(decoder.next(rest, used, m), wire::WebSocketDecoder::Result::message);
        const auto frame = wire::next_frame(m.payload);
        at_client.push_back({(*frame)->header, to_bytes((*frame)->payload)});
        rest = rest.subspan(used);
      }
    }
  }

  void expect_refused(std::uint32_t label, FlowReason reason) {
    ASSERT_FALSE(at_client.empty());
    const Received& last = at_client.back();
    EXPECT_EQ(last.header.type, FrameType::flow_refuse);
    EXPECT_EQ(last.header.label, label);
    EXPECT_EQ(wire::decode_reason(last.payload), reason)
        << wire::to_string(*wire::decode_reason(last.payload));
    EXPECT_TRUE(egress.targets.all.empty() || reason >= FlowReason::target_unreachable);
  }
  void expect_reset(std::uint32_t label, FlowReason reason) {
    ASSERT_FALSE(at_client.empty());
    EXPECT_EQ(at_client.back().header.type, FrameType::reset);
    EXPECT_EQ(at_client.back().header.label, label);
    EXPECT_EQ(wire::decode_reason(at_client.back().payload), reason);
  }
  void expect_no_flow_anywhere() {
    for (WorldNode* n : {&entry, &relay, &egress}) {
      n->router.board().for_each([](LinkId, Link& l) { EXPECT_EQ(l.flows.size(), 0U); });
      EXPECT_EQ(n->router.entry().flows().size(), 0U);
      EXPECT_EQ(n->router.egress().flows().size(), 0U);
      EXPECT_EQ(n->router.sealed_entry().flows().size(), 0U);
      EXPECT_EQ(n->router.resumable().flows().size(), 0U);
    }
  }
  adapters::MemoryAdapter::Target& target() { return *egress.targets.all.begin()->second; }
  // Egresses use whole windows from now on, as if clients had taken much of every flow.
  void open_wide() {
    for (const auto& [id, target] : egress.targets.all) {
      egress.router.egress().flows().find(id)->opening = flow::OpeningWindow(flow::kInitialWindow);
    }
  }
  TargetId target_id() { return egress.targets.all.begin()->first; }

  Bytes on_the_wire;
  bool tamper = false;  // the relays alter every record they pass on
};

}  // namespace rap::router
