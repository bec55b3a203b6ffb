// Channels of two nodes over real mutual TLS: the shipped table on both ends, no agent and no
// router configuration around them.
#include "node/fabric/channels/channels.hpp"

#include "crypto/testing/live_pki.hpp"
#include "io/listeners/tls_listener.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"
#include "node/fabric/channels/peer_memory.hpp"
#include "node/fabric/channels/test_fabric.hpp"
#include "node/fabric/fabric_metrics.hpp"
#include "node/fabric/observing.hpp"

namespace rap::fabric {
namespace {

// One node, on the loop of the test.
struct ChannelNode {
  ChannelNode(io::EventLoop& loop, io::TestLog& log, const crypto::LivePki& pki,
              const crypto::LiveMember& self)
      : member(self),
        channels(
            loop, router.router, router.rng,
            [this](router::LinkId link, LinkSender* sender) {
              if (sender) router.links.senders[link] = sender;
              if (!sender) router.links.senders.erase(link);
            },
            log) {
    trust(pki.roots(), pki.cluster);
    listener.emplace(loop, "127.0.0.1", 0,
                     io::TlsListenerOptions{.tls = context(crypto::TlsRole::server)},
                     [this](auto stream) { channels.accept(std::move(stream)); });
    rules.cluster = pki.cluster;
    rules.node = member.node;
    rules.authority = channel::ConfigAuthority::current;
    rules.versions.config = 1;
  }

  void trust(std::vector<crypto::Certificate> roots, ClusterId cluster,
             std::shared_ptr<const crypto::DenyList> deny = nullptr) {
    policy = crypto::AcceptMember{
        .roots = roots, .cluster = cluster, .kind = wire::SpiffeId::Kind::node, .host = {}};
    channels.set_trust(context(crypto::TlsRole::client), {std::move(roots), std::move(deny)},
                       member.identity);
  }
  std::shared_ptr<const crypto::TlsContext> context(crypto::TlsRole role) const {
    return crypto::TlsContext::make(role, member.identity, policy, io::wall_now);
  }
  void know(const ChannelNode& peer, bool dial, const std::string& endpoint = "") {
    channel::PeerRule rule;
    rule.node = peer.member.node;
    rule.classes = wire::TrafficClassSet::all();
    rule.dial = dial;
    const std::string there = "127.0.0.1:" + std::to_string(peer.listener->port());
    if (dial) rule.endpoints = {endpoint.empty() ? there : endpoint};
    rules.peers = {rule};
    channels.set_context(rules);
  }

  crypto::LiveMember member;
  TestRouter router;
  crypto::AcceptMember policy;
  Channels channels;
  std::optional<io::TlsListener> listener;
  channel::Context rules;
};

class ChannelsTest : public testing::Test {
 protected:
  ChannelsTest() {
    world_.run([this] {
      a_.emplace(world_.loop, log_, pki_, pki_.member(wire::SpiffeId::Kind::node));
      b_.emplace(world_.loop, log_, pki_, pki_.member(wire::SpiffeId::Kind::node));
    });
  }
  ~ChannelsTest() override {
    world_.run([this] {
      a_.reset();
      b_.reset();
    });
  }

  void meet() {
    world_.run([this] {
      b_->know(*a_, false);
      a_->know(*b_, true);
    });
  }
  bool established() { return log_.wait_for("\"to\":\"established\"", 2); }

  io::TestLog log_;
  io::TestLoop world_;
  crypto::LivePki pki_{io::wall_now()};
  std::optional<ChannelNode> a_;
  std::optional<ChannelNode> b_;
};

TEST_F(ChannelsTest, AreEstablishedBetweenTwoNodesThatMayMeet) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] {
    EXPECT_EQ(1U, a_->channels.table().channels().size());
    EXPECT_FALSE(a_->router.links.senders.empty()) << "flows may pass";
    EXPECT_FALSE(b_->router.links.senders.empty());
  });
}

// A member of the cluster that opens lanes and says nothing.
struct Mute final : io::StreamHandler {
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override { return data.size(); }
  void on_close(const io::StreamError&) override {}
};

TEST_F(ChannelsTest, OneNodeHasFewLanesThatSayNothingAndItsChannelGoesOn) {
  meet();
  ASSERT_TRUE(established());
  Mute mute;
  std::vector<std::unique_ptr<io::Stream>> silent;
  world_.run([&] {
    for (std::size_t i = 0; i < 3 * kMaxNewLanesOfANode; ++i) {
      silent.push_back(io::Stream::connect(world_.loop, "127.0.0.1", b_->listener->port(),
                                           {.tls = a_->context(crypto::TlsRole::client)}, mute));
    }
  });
  EXPECT_TRUE(log_.wait_for("channel.limit_reached", 2 * kMaxNewLanesOfANode));
  world_.run([&] {
    EXPECT_FALSE(b_->router.links.senders.empty()) << "the channel goes on";
    EXPECT_EQ(log_.count("channel.limit_reached"), 2 * kMaxNewLanesOfANode);
    silent.clear();
  });
}

TEST_F(ChannelsTest, GetNobodyInWhomTheConfigurationDoesNotName) {
  world_.run([this] {
    b_->channels.set_context(b_->rules);  // of itself alone
    a_->know(*b_, true);
  });
  EXPECT_TRUE(log_.wait_for("\"to\":\"closed\""));
  world_.run([this] { EXPECT_TRUE(b_->router.links.senders.empty()); });
}

TEST_F(ChannelsTest, GetNobodyInWhoseClusterIsAnother) {
  const crypto::LivePki other(io::wall_now(), 9);
  world_.run([&] {
    a_->trust(other.roots(), other.cluster);
    b_->know(*a_, false);
    a_->know(*b_, true);
  });
  EXPECT_TRUE(log_.wait_for("channel.transport_closed"));
  world_.run([this] {
    EXPECT_TRUE(a_->router.links.senders.empty());
    EXPECT_TRUE(b_->router.links.senders.empty());
  });
}

TEST_F(ChannelsTest, EndWhenThePeerIsTakenOut) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] {
    a_->rules.peers.clear();
    a_->channels.set_context(a_->rules);
  });
  const auto until = io::mono_now() + io::kPatience;
  bool gone = false;
  while (!gone && io::mono_now() < until) {
    world_.run([&] {
      gone = a_->channels.table().empty() && a_->router.links.senders.empty() &&
             b_->router.links.senders.empty();
    });
  }
  EXPECT_TRUE(gone);
}

TEST_F(ChannelsTest, DrainUntilWhatWaitsIsOutAndNoLonger) {
  meet();
  ASSERT_TRUE(established());
  ASSERT_TRUE(log_.wait_for("\"lane\":\"bulk\"", 2));
  world_.run([this] {
    // The end of a flow that is over for the router, and that nobody has sent yet.
    const Bytes payload(9000, 1);
    const wire::FrameHeader header{wire::FrameType::data, wire::TrafficClass::file_transfer, 9000,
                                   1};
    for (const auto& [link, sender] : a_->router.links.senders) {
      a_->router.router.queue(link).append(header, payload);
    }
    a_->rules.draining = true;
    a_->channels.set_context(a_->rules);
    for (int i = 0; i < 10; ++i) a_->channels.tick();
    for (const auto& channel : a_->channels.table().channels()) {
      EXPECT_EQ(channel::State::draining, channel->lifecycle.state());
    }
    EXPECT_FALSE(observe(a_->router.router, a_->channels, 1, "", {}, io::mono_now()).drained);
    for (const auto& [link, sender] : a_->router.links.senders) sender->flush();
  });
  const auto until = io::mono_now() + io::kPatience;
  bool drained = false;
  while (!drained && io::mono_now() < until) {
    world_.run([&] {
      a_->channels.tick();
      drained = observe(a_->router.router, a_->channels, 1, "", {}, io::mono_now()).drained;
    });
  }
  EXPECT_TRUE(drained);
  EXPECT_EQ(0, log_.count("channel.drain_forced"));
  EXPECT_EQ(b_->router.router.board()
                .refusals()[static_cast<std::size_t>(wire::FlowReason::unknown_label)],
            2U)
      << "all of it had arrived, on both lanes";
}

TEST_F(ChannelsTest, SayWhatWasCutWhenTheTimeToDrainIsUp) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] {
    const wire::FrameHeader header{wire::FrameType::data, wire::TrafficClass::input, 9000, 1};
    for (const auto& [link, sender] : a_->router.links.senders) {
      a_->router.router.queue(link).append(header, Bytes(9000, 1));
    }
    a_->rules.draining = true;
    a_->rules.drain_by = io::mono_now();
    a_->channels.set_context(a_->rules);
  });
  EXPECT_TRUE(log_.wait_for("channel.drain_forced"));
  world_.run([this] { EXPECT_EQ(1U, a_->channels.table().counters().drains_forced); });
}

TEST_F(ChannelsTest, ShowARenewedCertificateWithoutAnotherConnection) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] {
    a_->member.identity = pki_.certify(crypto::PrivateKey::generate(crypto::KeyType::p256),
                                       a_->member.node, wire::SpiffeId::Kind::node);
    a_->trust(pki_.roots(), pki_.cluster);
    a_->channels.prove_again();
  });
  ASSERT_TRUE(log_.wait_for("channel.reauthentication"));
  EXPECT_EQ(0, log_.count("\"accepted\":false"));
  EXPECT_EQ(0, log_.count("channel.transport_closed"));
}

TEST_F(ChannelsTest, TakeNoProofOfACertificateThatIsAnothers) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] {
    a_->member.identity = pki_.member(wire::SpiffeId::Kind::node).identity;
    a_->trust(pki_.roots(), pki_.cluster);
    a_->channels.prove_again();
  });
  ASSERT_TRUE(log_.wait_for("channel.reauthentication"));
  world_.run([this] {
    const auto& channels = b_->channels.table().channels();
    ASSERT_EQ(1U, channels.size());
    EXPECT_EQ(a_->member.node, *channels.front()->lifecycle.peer()) << "who it was proven to be";
  });
}

TEST_F(ChannelsTest, SayGoodbyeAndTellWhenNoneIsLeft) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] { a_->channels.stop([this] { log_.info("test.stopped"); }); });
  EXPECT_TRUE(log_.wait_for("test.stopped"));
}

TEST_F(ChannelsTest, SayThatAnEndpointIsNone) {
  world_.run([this] { a_->know(*b_, true, "nowhere"); });
  EXPECT_TRUE(log_.wait_for("channel.bad_endpoint"));
}

// --- what is remembered of peers, and what is counted

TEST_F(ChannelsTest, AreRememberedAcrossARestartByTheSameNodeOnly) {
  const io::TestDirectory folder;
  meet();
  ASSERT_TRUE(established());
  world_.run([&] {
    PeerMemory memory(folder.path(), log_);
    memory.keep(a_->channels, io::mono_now(), true);
  });
  ASSERT_TRUE(std::filesystem::exists(folder / "cache/peers.json"));
  world_.run([&] {
    PeerMemory own(folder.path(), log_);
    own.load(pki_.cluster, a_->member.node, a_->channels);
    EXPECT_EQ(1, log_.count("\"event\":\"peer_cache.loaded\",\"peers\":1"));
    PeerMemory others(folder.path(), log_);
    others.load(pki_.cluster, b_->member.node, b_->channels);
    EXPECT_EQ(1, log_.count("peer_cache.dropped"));
    ASSERT_TRUE(io::write_file_atomic(folder / "cache/peers.json", "{"));
    PeerMemory damaged(folder.path(), log_);
    damaged.load(pki_.cluster, a_->member.node, a_->channels);
    EXPECT_EQ(2, log_.count("peer_cache.dropped"));
  });
}

TEST_F(ChannelsTest, AreNotLookedAtForTheMemoryMoreOftenThanItSays) {
  const io::TestDirectory folder;
  const auto file = folder / "cache/peers.json";
  meet();
  ASSERT_TRUE(established());
  world_.run([&] {
    PeerMemory memory(folder.path(), log_);
    const MonoTime now = io::mono_now();
    memory.keep(a_->channels, now);
    ASSERT_TRUE(std::filesystem::exists(file)) << "a peer reached for the first time";
    std::filesystem::remove(file);
    memory.keep(a_->channels, now + std::chrono::seconds{1});
    EXPECT_FALSE(std::filesystem::exists(file));
  });
}

TEST_F(ChannelsTest, AreNotRememberedWhereNothingCanBeWrittenWhichIsSaid) {
  const io::TestDirectory folder;
  ASSERT_TRUE(io::write_file_atomic(folder / "cache", "a file where the folder belongs"));
  meet();
  ASSERT_TRUE(established());
  world_.run([&] {
    PeerMemory memory(folder.path(), log_);
    memory.keep(a_->channels, io::mono_now(), true);
  });
  EXPECT_EQ(1, log_.count("peer_cache.not_kept"));
}

TEST_F(ChannelsTest, AreCountedByState) {
  meet();
  ASSERT_TRUE(established());
  std::string text;
  world_.run([&] {
    text = metrics_text(a_->channels.table(), a_->router.router, nullptr, &*a_->listener, {{}, {}},
                        {}, io::mono_now());
  });
  for (const std::string& line : {
           std::string("rap_fabric_channels{state=\"established\"} 1"),
           std::string("rap_fabric_channel_attempts_total 1"),
           std::string("rap_fabric_channels_established_total 1"),
           std::string("rap_fabric_authority{authority=\"current\"} 1"),
           std::string("rap_fabric_authority{authority=\"expired\"} 0"),
           std::string("rap_fabric_config_version 1"),
           std::string("rap_fabric_security_complete 0"),
       }) {
    EXPECT_NE(text.find(line + "\n"), text.npos) << line;
  }
  EXPECT_NE(text.find("peer=\"" + b_->member.node.str() + "\",lane=\"interactive\""), text.npos);
  EXPECT_EQ(text.find("listener=\"nodes\""), text.npos) << "a listener that does not exist";
  EXPECT_NE(text.find("listener=\"clients\""), text.npos);
}

// --- what the agent passes on of them

TEST_F(ChannelsTest, AreObservedFromBothEnds) {
  meet();
  ASSERT_TRUE(established());
  world_.run([this] {
    const auto now = io::mono_now();
    const auto dialler = observe(a_->router.router, a_->channels, 1, "127.0.0.1:1", {}, now);
    ASSERT_EQ(1U, dialler.channels.size());
    EXPECT_EQ(b_->member.node, dialler.channels[0].peer);
    EXPECT_EQ("dial", dialler.channels[0].direction);
    EXPECT_EQ("established", dialler.channels[0].state);
    EXPECT_EQ(wire::LaneKind::interactive, dialler.channels[0].lanes.front());
    EXPECT_EQ(1U, dialler.counters.established);
    EXPECT_EQ("127.0.0.1:1", dialler.entry);
    EXPECT_EQ(::getpid(), dialler.pid);
    EXPECT_TRUE(dialler.reconnects.empty() && dialler.sessions.empty() && dialler.refusals.empty());
    EXPECT_FALSE(dialler.draining || dialler.drained);
    const auto listener = observe(b_->router.router, b_->channels, 1, "", {}, now);
    ASSERT_EQ(1U, listener.channels.size());
    EXPECT_EQ(a_->member.node, listener.channels[0].peer);
    EXPECT_EQ("accept", listener.channels[0].direction);
    EXPECT_EQ(dialler.channels[0].id, listener.channels[0].id) << "both speak of the same one";
  });
}

TEST_F(ChannelsTest, ThatFailAreObservedAsWhatIsTriedAgain) {
  world_.run([this] {
    b_->channels.set_context(b_->rules);  // of itself alone
    a_->know(*b_, true);
  });
  wire::Observations seen;
  const auto until = io::mono_now() + io::kPatience;
  while (seen.reconnects.empty() && io::mono_now() < until) {
    world_.run([&] { seen = observe(a_->router.router, a_->channels, 1, "", {}, io::mono_now()); });
  }
  ASSERT_EQ(1U, seen.reconnects.size());
  EXPECT_EQ(b_->member.node, seen.reconnects[0].peer);
  EXPECT_GE(seen.reconnects[0].attempts, 1U);
}

TEST_F(ChannelsTest, OfANodeThatDrainsAreObservedAsDrainedWhenNoneIsLeft) {
  world_.run([this] {
    a_->rules.draining = true;
    a_->channels.set_context(a_->rules);
    const auto seen = observe(a_->router.router, a_->channels, 1, "", {}, io::mono_now());
    EXPECT_TRUE(seen.draining && seen.drained);
  });
}

}  // namespace
}  // namespace rap::fabric
