#include "policy/slot_table.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::policy {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using MadeWay = SlotTable::MadeWay;

constexpr MonoTime kSlotsBegin{1h};
constexpr SlotLimits kSmallTable{.total = 6, .share = 3, .proven = 4, .proven_share = 2};

TEST(SlotTable, AHolderAtItsShareLosesTheOneThatWasSilentForTheLongestTime) {
  SlotTable table(kSmallTable);
  for (SlotTable::Id id = 1; id <= 3; ++id) {
    EXPECT_THAT(table.enter(id, "a", kSlotsBegin), IsEmpty());
  }
  table.heard(1, kSlotsBegin + 1s);
  EXPECT_THAT(table.enter(4, "a", kSlotsBegin + 2s), ElementsAre(MadeWay{2, true}));
  EXPECT_FALSE(table.contains(2));
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.counters().made_way_of_share, 1U);
}

TEST(SlotTable, WhenFullTheGreediestHolderMakesWay) {
  SlotTable table(kSmallTable);
  table.enter(1, "modest", kSlotsBegin);
  table.enter(2, "middling", kSlotsBegin);
  table.enter(3, "middling", kSlotsBegin);
  for (SlotTable::Id id = 4; id <= 6; ++id) table.enter(id, "greedy", kSlotsBegin + 1s);
  EXPECT_THAT(table.enter(7, "new", kSlotsBegin + 2s), ElementsAre(MadeWay{4, false}));
  EXPECT_EQ(table.counters().made_way_of_all, 1U);
}

TEST(SlotTable, OfEquallyGreedyHoldersTheOneThatWasSilentForTheLongestTimeMakesWay) {
  SlotTable table(kSmallTable);
  for (SlotTable::Id id = 1; id <= 6; ++id) table.enter(id, std::to_string(id), kSlotsBegin);
  table.heard(1, kSlotsBegin + 1s);
  EXPECT_THAT(table.enter(7, "7", kSlotsBegin + 2s), ElementsAre(MadeWay{2, false}));
}

TEST(SlotTable, WhatWasHeardOfEachCountsWhenSomebodyHasToMakeWay) {
  SeededRandom rng(11);
  SlotTable table(shared_fairly(4096));
  std::vector<SlotTable::Id> silent;  // for the longest time first
  for (SlotTable::Id id = 0; id < 40; ++id) {
    table.enter(id, std::to_string(id), kSlotsBegin);
    silent.push_back(id);
  }
  while (!silent.empty()) {
    for (int times = 0; times < 25; ++times) {
      const auto at = silent.begin() + static_cast<std::ptrdiff_t>(rng.next() % silent.size());
      table.heard(*at, kSlotsBegin);
      std::rotate(at, at + 1, silent.end());
    }
    ASSERT_EQ(table.make_way(), silent.front());
    silent.erase(silent.begin());
  }
}

TEST(SlotTable, AProvenSlotMakesWayForNobody) {
  SlotTable table(kSmallTable);
  table.enter(1, "a", kSlotsBegin);
  table.enter(2, "a", kSlotsBegin);
  EXPECT_TRUE(table.prove(1, "alice"));
  EXPECT_TRUE(table.prove(2, "alice"));
  for (SlotTable::Id id = 3; id < 100; ++id) table.enter(id, "a", kSlotsBegin);
  for (SlotTable::Id id = 100; id < 200; ++id) table.enter(id, std::to_string(id), kSlotsBegin);
  EXPECT_TRUE(table.contains(1));
  EXPECT_TRUE(table.contains(2));
  EXPECT_EQ(table.size(), kSmallTable.total);
  EXPECT_THAT(table.silent_since(kSlotsBegin + 1h), testing::Not(testing::Contains(1)));
}

TEST(SlotTable, APrincipalHasAShareOfTheProvenSlots) {
  SlotTable table(kSmallTable);
  for (SlotTable::Id id = 1; id <= 3; ++id) table.enter(id, "a", kSlotsBegin);
  EXPECT_TRUE(table.prove(1, "alice"));
  EXPECT_TRUE(table.prove(2, "alice"));
  EXPECT_FALSE(table.prove(3, "alice"));
  table.leave(1);
  EXPECT_TRUE(table.prove(3, "alice"));
  EXPECT_TRUE(table.prove(3, "alice")) << "it is";
}

TEST(SlotTable, StrangersHaveRoomHoweverManyAreProven) {
  SlotTable table(kSmallTable);
  int proven = 0;
  for (SlotTable::Id id = 1; id <= 6; ++id) {
    table.enter(id, std::to_string(id), kSlotsBegin);
    proven += table.prove(id, "user " + std::to_string(id)) ? 1 : 0;
  }
  EXPECT_EQ(proven, 4);
  EXPECT_THAT(table.enter(7, "new", kSlotsBegin), ElementsAre(MadeWay{5, false}));
  EXPECT_TRUE(table.contains(7));
}

TEST(SlotTable, ANewcomerIsTurnedAwayWhereTheProvenMayTakeEverything) {
  SlotTable table({.total = 2, .share = 2, .proven = 2, .proven_share = 2});
  for (SlotTable::Id id = 1; id <= 2; ++id) {
    table.enter(id, "a", kSlotsBegin);
    table.prove(id, "alice");
  }
  EXPECT_THAT(table.enter(3, "b", kSlotsBegin), ElementsAre(MadeWay{3, false}));
  EXPECT_EQ(table.make_way(), std::nullopt);
}

TEST(SlotTable, UnitsCountAndTheSlotThatGrowsMayPushOutOthersOfItsHolder) {
  SlotTable bytes({.total = 100, .share = 50, .proven = 75, .proven_share = 50});
  bytes.enter(1, "a", kSlotsBegin, 20);
  bytes.enter(2, "a", kSlotsBegin + 1s, 20);
  EXPECT_THAT(bytes.resize(2, 30), IsEmpty());
  EXPECT_THAT(bytes.resize(2, 31), ElementsAre(MadeWay{1, true}));
  EXPECT_EQ(bytes.counters().held, 31U);
  bytes.enter(3, "b", kSlotsBegin, 50);
  EXPECT_THAT(bytes.enter(4, "c", kSlotsBegin, 20), ElementsAre(MadeWay{3, false}));
  EXPECT_THAT(bytes.resize(2, 51), ElementsAre(MadeWay{2, true})) << "more than there may be";
  bytes.leave(4);
  EXPECT_EQ(bytes.counters().held, 0U);
}

TEST(SlotTable, AProvenSlotThatOutgrowsItsShareIsAStrangersAgain) {
  SlotTable bytes({.total = 100, .share = 60, .proven = 75, .proven_share = 50});
  bytes.enter(1, "a", kSlotsBegin, 10);
  EXPECT_TRUE(bytes.prove(1, "alice"));
  EXPECT_THAT(bytes.resize(1, 50), IsEmpty());
  EXPECT_EQ(bytes.counters().proven, 50U);
  EXPECT_THAT(bytes.resize(1, 51), IsEmpty());
  EXPECT_EQ(bytes.counters().proven, 0U);
  EXPECT_THAT(bytes.resize(1, 61), ElementsAre(MadeWay{1, true}));
}

TEST(SlotTable, IsPressedBeyondThreeQuarters) {
  SlotTable table(shared_fairly(16));
  for (SlotTable::Id id = 1; id <= 12; ++id)
    table.enter(id, "a", kSlotsBegin + std::chrono::seconds{id});
  EXPECT_FALSE(table.is_pressed());
  table.enter(13, "a", kSlotsBegin + 13s);
  EXPECT_TRUE(table.is_pressed());
  EXPECT_THAT(table.silent_since(kSlotsBegin + 2s), ElementsAre(1, 2));
  EXPECT_EQ(table.make_way(), 1U);
  EXPECT_FALSE(table.is_pressed());
}

TEST(SlotTable, GivesAnOfficeBehindOneAddressAThousandSlotsOfAListener) {
  EXPECT_EQ(shared_fairly(4096).share, 1024U);
  EXPECT_EQ(shared_fairly(4096).proven, 3072U);
  EXPECT_EQ(shared_fairly(16).share, 16U);
  EXPECT_EQ(shared_fairly(1).proven, 1U);
}

TEST(SlotTable, TheHonestGetInAndStayWhileOneAddressTakesAllItCan) {
  SlotTable table(shared_fairly(4096));
  SlotTable::Id next = 1;
  const auto besiege = [&](int times) {
    for (int i = 0; i < times; ++i) {
      for (const auto& gone : table.enter(next++, "203.0.113.1", kSlotsBegin)) {
        EXPECT_NE(gone.id % 2, 0U) << "an honest one";
      }
      next += next % 2 == 0 ? 1 : 0;
    }
  };
  besiege(5000);
  for (int i = 0; i < 100; ++i) {
    const SlotTable::Id honest = 1'000'000 + 2 * static_cast<SlotTable::Id>(i);
    EXPECT_THAT(table.enter(honest, "198.51.100." + std::to_string(i), kSlotsBegin), IsEmpty());
    besiege(50);
    EXPECT_TRUE(table.contains(honest));
  }
  EXPECT_LE(table.size(), 1024U + 100U);
}

TEST(SlotTable, IsNeverBeyondItsBoundsWhateverHappens) {
  SeededRandom rng(7);
  SlotTable table(kSmallTable);
  const auto below = [&](std::uint64_t n) { return rng.next() % n; };
  for (int i = 0; i < 20'000; ++i) {
    const SlotTable::Id id = below(12);
    const MonoTime now = kSlotsBegin + std::chrono::seconds{i};
    switch (below(5)) {
      case 0:
        if (!table.contains(id)) table.enter(id, std::to_string(below(4)), now, below(3));
        break;
      case 1: table.heard(id, now); break;
      case 2: table.prove(id, std::to_string(below(3))); break;
      case 3: table.resize(id, below(4)); break;
      default: table.leave(id);
    }
    ASSERT_LE(table.counters().held, kSmallTable.total) << i;
    ASSERT_LE(table.counters().proven, kSmallTable.proven) << i;
  }
  for (SlotTable::Id id = 0; id < 12; ++id) table.leave(id);
  EXPECT_EQ(table.counters().held, 0U);
  EXPECT_EQ(table.size(), 0U);
}

}  // namespace
}  // namespace rap::policy
