// CH-9: ten thousand nodes lose the one bootstrap peer that they share.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "base/seeded_random.hpp"
#include "node/channel/table.hpp"
#include "sim/schedule.hpp"

namespace rap::sim {
namespace {

using namespace std::chrono_literals;
namespace table_action = channel::table_action;
namespace table_event = channel::table_event;

constexpr std::size_t kNodes = 10'000;

// Nodes whose dials all fail after a moment, and the second in which each was made.
class Fleet {
 public:
  Fleet() {
    context_.cluster = ClusterId::random(rng_);
    context_.authority = channel::ConfigAuthority::current;
    channel::PeerRule rule;
    rule.node = NodeId::random(rng_);
    rule.classes = wire::TrafficClassSet::all();
    rule.dial = true;
    rule.bootstrap = true;
    rule.endpoints = {"bootstrap:7443"};
    context_.peers = {rule};
    for (std::size_t i = 0; i < kNodes; ++i) {
      tables_.push_back(std::make_unique<channel::Table>(rng_));
      connect(*tables_.back());
    }
  }

  // The bootstrap peer dies, for everybody at the same instant.
  void lose(Duration watch) {
    for (std::size_t i = 0; i < kNodes; ++i) {
      step(i, table_event::LaneClosed{1, channel::FailureReason::network_unreachable});
    }
    while (schedule_.step(watch)) {
    }
  }
  std::uint64_t peak(Duration from, Duration to) const {
    std::uint64_t most = 0;
    for (const auto& [second, dials] : dials_by_second_) {
      if (second >= from / 1s && second < to / 1s) most = std::max(most, dials);
    }
    return most;
  }

 private:
  MonoTime now() const { return MonoTime(1h) + schedule_.now(); }

  void connect(channel::Table& table) {
    context_.node = NodeId::random(rng_);
    table.step(now(), table_event::NewContext{context_});
    table.step(now(), table_event::LaneConnected{1});
    const auto id = wire::SpiffeId::of_node(context_.cluster, context_.peers[0].node);
    table.step(now(), table_event::LaneProven{1, channel::Proof{id, 24h}});
    wire::Hello hello;
    hello.cluster = context_.cluster;
    hello.node = context_.peers[0].node;
    hello.channel = table.channels().front()->lifecycle.id();
    hello.classes = wire::TrafficClassSet::all();
    table.step(now(), table_event::LaneFrame{1, wire::FrameType::hello, hello.encode()});
    EXPECT_EQ(table.channels().front()->lifecycle.state(), channel::State::established);
  }

  void step(std::size_t i, const channel::TableEvent& event) {
    for (const auto& action : tables_[i]->step(now(), event)) {
      const auto* dial = std::get_if<table_action::DialLane>(&action);
      if (dial == nullptr) continue;
      ++dials_by_second_[schedule_.now() / 1s];
      schedule_.after(1ms, [this, i, lane = dial->lane] {
        step(i, table_event::LaneClosed{lane, channel::FailureReason::network_unreachable});
      });
    }
    const auto at = tables_[i]->next_timeout();
    if (!at) return;
    schedule_.at(*at - MonoTime(1h), [this, i, mine = ++timers_[i]] {
      if (mine == timers_[i]) step(i, table_event::TableTimeout{});
    });
  }

  SeededRandom rng_{10};
  Schedule schedule_;
  channel::Context context_;
  std::vector<std::unique_ptr<channel::Table>> tables_;
  std::vector<std::uint64_t> timers_ = std::vector<std::uint64_t>(kNodes);  // the newest counts
  std::map<std::int64_t, std::uint64_t> dials_by_second_;
};

TEST(Stampede, OfTenThousandNodesNoMoreThanATenthComeInAnySecondAndSoonAThirtieth) {
  Fleet fleet;
  fleet.lose(15min);
  const auto first = fleet.peak(0s, 60s);
  const auto later = fleet.peak(10min, 15min);
  RecordProperty("peak_first_minute", static_cast<int>(first));
  RecordProperty("peak_after_ten_minutes", static_cast<int>(later));
  EXPECT_GT(first, 0U);
  EXPECT_LE(first, kNodes / 10);
  EXPECT_LE(later, kNodes / 30);
}

}  // namespace
}  // namespace rap::sim
