#include "snapshot/configuration/increment.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "snapshot/configuration/build.hpp"

namespace rap::snapshot {
namespace {

using enum policy::NodeRole;
using wire::JsonValue;

std::string patched(std::string_view base, std::string_view patch) {
  const auto result = apply_patch(JsonValue::of(base), JsonValue::of(patch));
  return result ? result->dump() : "";
}

std::string patch_text(std::string_view base, std::string_view result) {
  return make_patch(JsonValue::of(base), JsonValue::of(result)).dump();
}

Increment sample_increment() {
  SeededRandom rng(5);
  Increment out;
  out.cluster = ClusterId::random(rng);
  out.node = NodeId::random(rng);
  out.base_version = 3;
  out.version = 4;
  rng.fill(out.base_sha256);
  rng.fill(out.sha256);
  out.signatures = JsonValue::of(R"([{"keyid":"k","sig":"AAAA"}])");
  out.patch = JsonValue::of(R"([{"op":"replace","path":"/version","value":4}])");
  return out;
}

TEST(Increment, RoundTripsAndNamesWhatIsWrong) {
  const std::string text = to_json(sample_increment());
  EXPECT_EQ(parse_increment(text), sample_increment());
  const auto fault_after = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto parsed = parse_increment(changed);
    return parsed ? std::string() : parsed.error();
  };
  EXPECT_EQ(fault_after("\"patch\"", "\"pitch\""), "member \"patch\" must be an array");
  EXPECT_EQ(fault_after("base_version", "base_wersion"), "member \"base_version\" is missing");
}

TEST(Increment, APatchMayNotCopyOrMove) {
  EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"replace","path":"/a","value":2}])"), R"({"a":2})");
  for (const char* bad :
       {R"([{"op":"copy","from":"/a","path":"/b"}])", R"([{"op":"move","from":"/a","path":"/b"}])",
        R"([{"op":"test","path":"/a","value":1}])", R"([{"path":"/a"}])", "[1]", "{}", "nonsense",
        R"([{"op":"remove","path":"/b"}])", R"([{"op":"add","path":"/b/c","value":1}])",
        R"([{"op":"add","path":"b","value":1}])", R"([{"op":"add","path":"/a/b","value":1}])",
        R"([{"op":"add","path":7,"value":1}])", R"([{"op":"remove","path":"/a/b"}])"}) {
    EXPECT_EQ(patched(R"({"a":1})", bad), "") << bad;
  }
  std::string many = "[";
  for (std::size_t i = 0; i <= kMaxPatchOperations; ++i) {
    many += std::string(i == 0 ? "" : ",") + R"({"op":"replace","path":"/a","value":2})";
  }
  EXPECT_EQ(patched(R"({"a":1})", many + "]"), "");
}

TEST(Increment, OfAListHoldsWhatCameAndWhatWentOnly) {
  EXPECT_EQ(patch_text(R"({"l":[1,2,3,4]})", R"({"l":[1,3,4]})"),
            R"([{"op":"remove","path":"/l/1"}])");
  EXPECT_EQ(patch_text(R"({"l":[1,3]})", R"({"l":[1,2,3]})"),
            R"([{"op":"add","path":"/l/1","value":2}])");
  EXPECT_EQ(patch_text(R"({"l":[1,2]})", R"({"l":[2,1]})"),
            R"([{"op":"replace","path":"/l","value":[2,1]}])");
}

TEST(Increment, OfAListThatIsInAnotherOrderLeavesWhatBothBeginAndEndWith) {
  const auto route = [](int egress) {
    Uuid bytes{};
    bytes[0] = static_cast<std::uint8_t>(egress);
    return ConfiguredRoute{NodeId(bytes), {}};
  };
  NodeConfig before;
  NodeConfig after;
  for (const int i : {1, 2, 3, 4, 5}) before.routes.push_back(route(i));
  for (const int i : {1, 4, 3, 6, 5}) after.routes.push_back(route(i));
  const auto differing = differing_members(before, after);
  ASSERT_EQ(differing.size(), 1U);
  EXPECT_EQ(differing[0].begins, 1U);
  EXPECT_EQ(differing[0].one.get().size(), 3U);
  EXPECT_EQ(differing[0].other.get().size(), 3U);
  EXPECT_EQ(patched(to_json(before), make_patch(differing).dump()), to_json(after));
  EXPECT_EQ(patched(to_json(after), make_patch(differing_members(after, before)).dump()),
            to_json(before));
}

// A cluster that changes at random, and one node that follows it by increments alone.
TEST(Increment, LeadsToTheSameAsTheWholeConfigurationWhateverChanged) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom rng(seed);
    ClusterModel model;
    model.cluster = ClusterId::random(rng);
    model.trust_bundle_pem = "ROOTS";
    const auto add_node = [&](std::vector<policy::NodeRole> roles) {
      ModelNode node;
      node.id = NodeId::random(rng);
      node.name = "n" + std::to_string(model.nodes.size());
      node.roles = std::move(roles);
      node.fabric_endpoint = node.name + ":1";
      model.nodes.push_back(node);
      return node.id;
    };
    const NodeId self = add_node({entry, relay, egress});
    model.pools.push_back({EgressPoolId::random(rng), {self}});
    std::string held;
    std::optional<NodeConfig> before;
    std::size_t saved = 0;
    for (int round = 0; round < 60; ++round) {
      model.version += 1 + rng.below(3);
      switch (rng.below(6)) {
        case 0: add_node({entry}); break;
        case 1: add_node({relay, egress}); break;
        case 2:
          if (model.nodes.size() > 1) {
            const auto victim = 1 + static_cast<std::ptrdiff_t>(rng.below(model.nodes.size() - 1));
            model.nodes.erase(model.nodes.begin() + victim);
          }
          break;
        case 3: model.nodes.back().draining = !model.nodes.back().draining; break;
        case 4:
          model.resources.push_back({ResourceId::random(rng), OrganizationId::random(rng),
                                     model.pools[0].id, policy::Protocol::ssh, "10.0.0.1", 22});
          break;
        default:
          if (!model.resources.empty()) model.resources.erase(model.resources.begin());
          model.revocations.push_back({{.node = NodeId::random(rng)}});
      }
      const auto config = build_node_config(ClusterIndex(model), self, from_unix(1000 + round));
      ASSERT_TRUE(config);
      const std::string full = to_json(*config);
      if (!held.empty()) {
        const std::string patch = patch_text(held, full);
        ASSERT_EQ(patched(held, patch), full) << "seed " << seed << ", round " << round;
        saved += patch.size() < full.size() ? 1 : 0;
        EXPECT_EQ(make_patch(differing_members(*before, *config)).dump(), patch)
            << "what is the same need not be looked at";
        ASSERT_EQ(full, to_value(*config).dump());
      }
      held = full;
      before = config;
    }
    EXPECT_GT(saved, 50U) << "increments are what they are for";
  }
}

}  // namespace
}  // namespace rap::snapshot
