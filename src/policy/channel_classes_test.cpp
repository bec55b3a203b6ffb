#include "policy/channel_classes.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

using enum NodeRole;
using enum wire::TrafficClass;

using Roles = std::vector<NodeRole>;

constexpr wire::TrafficClassSet kAlive = {fabric_control, route_control, health};
constexpr wire::TrafficClassSet kFetching = kAlive.join({telemetry, storage_fetch, update_fetch});
constexpr wire::TrafficClassSet kEverything = wire::TrafficClassSet::all();

struct Row {
  Roles one;
  Roles other;
  wire::TrafficClassSet expected;
};

const Row kTable[] = {
    {{}, {}, kAlive},
    {{}, {entry}, kAlive},
    {{}, {relay, egress}, kAlive},
    {{entry}, {entry}, kFetching},
    {{relay}, {relay}, kFetching},
    {{egress}, {egress}, kFetching},
    {{entry}, {relay}, kEverything},
    {{entry}, {egress}, kEverything},
    {{relay}, {egress}, kEverything},
    {{entry, relay}, {relay}, kEverything},
    {{relay, egress}, {relay}, kEverything},
    {{entry, egress}, {egress}, kEverything},
    {{entry, relay, egress}, {entry}, kEverything},
};

TEST(ClassesBetween, FollowTheTableOfRolesInEitherOrder) {
  for (const Row& row : kTable) {
    EXPECT_EQ(classes_between(row.one, row.other), row.expected) << &row - kTable;
    EXPECT_EQ(classes_between(row.other, row.one), row.expected) << &row - kTable;
  }
}

TEST(ClassesBetween, AlwaysKeepTheFabricAlive) {
  const Roles kAll[] = {{}, {entry}, {relay}, {egress}, {entry, relay}, {entry, relay, egress}};
  for (const Roles& one : kAll) {
    for (const Roles& other : kAll) {
      EXPECT_EQ(classes_between(one, other).intersect(kAlive), kAlive);
    }
  }
}

}  // namespace
}  // namespace rap::policy
