#include "mesh/distance_vector/link_costs.hpp"

#include <gtest/gtest.h>

namespace rap::routes {
namespace {

constexpr std::size_t kInteractive = 0;
constexpr std::size_t kBulk = 1;

TEST(LinkCosts, LatencyIsWhatInteractiveClassesPayForAndCapacityWhatBulkDoes) {
  const LinkCosts near_and_narrow = link_costs({.latency_us = 2'000, .capacity_kbit = 2'000});
  const LinkCosts far_and_wide = link_costs({.latency_us = 80'000, .capacity_kbit = 1'000'000});
  EXPECT_LT(near_and_narrow[kInteractive], far_and_wide[kInteractive]);
  EXPECT_GT(near_and_narrow[kBulk], far_and_wide[kBulk]);
}

TEST(LinkCosts, LossMakesBothDearer) {
  const LinkFigures clean{.latency_us = 20'000, .capacity_kbit = 50'000};
  LinkFigures lossy = clean;
  lossy.loss_permille = 50;
  EXPECT_GT(link_costs(lossy)[kInteractive], link_costs(clean)[kInteractive]);
  EXPECT_GT(link_costs(lossy)[kBulk], link_costs(clean)[kBulk]);
}

TEST(LinkCosts, AreNeverNothingAndNeverBeyondTheirBound) {
  for (const RouteMetric cost : link_costs({.capacity_kbit = 0xffff'ffff}))
    EXPECT_GE(cost, kHopCost);
  for (const RouteMetric cost : link_costs({0xffff'ffff, 0xffff'ffff, 999, 1}))
    EXPECT_LE(cost, kMaxLinkCost);
  for (const RouteMetric cost : link_costs({.loss_permille = 1000})) EXPECT_EQ(cost, kMaxLinkCost);
}

TEST(LinkCosts, AddUpAndNeverWrap) {
  EXPECT_EQ(add(1, 2), 3U);
  EXPECT_EQ(add(5, 0), 6U) << "every hop is further away";
  EXPECT_EQ(add(kUnreachable, 1), kUnreachable);
  EXPECT_EQ(add(kUnreachable - 2, 1), kUnreachable - 1);
  EXPECT_EQ(add(kUnreachable - 2, 2), kUnreachable);
  EXPECT_EQ(add(kUnreachable - 1, kUnreachable - 1), kUnreachable);
}

}  // namespace
}  // namespace rap::routes
