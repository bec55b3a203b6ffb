// What representative clusters' nodes are told today, word for word: a change to routing, to who
// dials whom, or to what a role is told shows as a difference in tests/golden/node-configs. When a
// difference is meant, look at it and write the files anew:
//
//   RAP_WRITE_GOLDEN=1 build/debug/rap_snapshot_test --gtest_filter='GoldenConfigs.*'
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "mesh/neighbours.hpp"
#include "snapshot/configuration/build.hpp"
#include "snapshot/values/config_types.hpp"

namespace rap::snapshot {
namespace {

using enum policy::NodeRole;
using OrderedJson = nlohmann::ordered_json;
using Roles = std::vector<policy::NodeRole>;

constexpr WallTime kGoldenNow = from_unix(1'800'000'000);

// An id that shows its number.
template <class SomeId>
SomeId id(std::uint16_t number) {
  std::array<std::uint8_t, 16> bytes{};
  bytes[14] = static_cast<std::uint8_t>(number >> 8);
  bytes[15] = static_cast<std::uint8_t>(number);
  return SomeId(bytes);
}

struct Cluster {
  ModelNode& node(std::uint16_t number, const std::string& name, const Roles& roles) {
    ModelNode& node = model.nodes.emplace_back();
    node.id = id<NodeId>(number);
    node.name = name;
    node.roles = roles;
    node.fabric_endpoint = name + ".example:7443";
    node.seal_key.fill(static_cast<std::uint8_t>(number));
    return node;
  }
  void pool(std::uint16_t number, const std::vector<std::uint16_t>& members) {
    ModelPool& pool = model.pools.emplace_back();
    pool.id = id<EgressPoolId>(number);
    for (const std::uint16_t member : members) pool.members.push_back(id<NodeId>(member));
  }
  void resource(std::uint16_t number, std::uint16_t organization, std::uint16_t pool) {
    model.resources.push_back({.id = id<ResourceId>(number),
                               .organization = id<OrganizationId>(organization),
                               .pool = id<EgressPoolId>(pool),
                               .protocol = policy::Protocol::ssh,
                               .host = "host-" + std::to_string(number) + ".internal",
                               .port = 22});
  }

  ClusterModel model{.version = 7,
                     .cluster = id<ClusterId>(9999),
                     .trust_bundle_pem = "ROOTS",
                     .token_keys = {{"kid", "PEM"}},
                     .nodes = {},
                     .pools = {},
                     .resources = {}};
};

std::filesystem::path golden_folder() {
  return std::filesystem::path(RAP_SOURCE_DIR) / "tests/golden/node-configs";
}

// A member a line, and an element a line of members that are lists, so that differences are short.
std::string in_lines(const std::string& node, const OrderedJson& config) {
  std::string lines;
  const auto line = [&](const std::string& member, const OrderedJson& value) {
    lines += node + " " + member + " " + value.dump() + "\n";
  };
  for (const auto& [member, value] : config.items()) {
    if (!value.is_array()) line(member, value);
    if (value.is_array()) {
      for (const OrderedJson& element : value) line(member + "[]", element);
    }
  }
  return lines;
}

std::string describe(const ClusterModel& model, const std::vector<std::string>& names) {
  const ClusterIndex index(model);
  std::string text;
  for (const std::string& name : names) {
    const auto node = std::ranges::find(model.nodes, name, &ModelNode::name);
    const auto config = build_node_config(index, node->id, kGoldenNow);
    text +=
        config ? in_lines(name, OrderedJson::parse(to_json(*config))) : name + " is told nothing\n";
  }
  return text;
}

// `only`: the nodes to compare, when they are not all.
void compare(const std::string& name, const Cluster& cluster, std::vector<std::string> only = {}) {
  if (only.empty()) {
    std::ranges::transform(cluster.model.nodes, std::back_inserter(only), &ModelNode::name);
  }
  const std::string built = describe(cluster.model, only);
  const auto path = golden_folder() / (name + ".txt");
  if (std::getenv("RAP_WRITE_GOLDEN") != nullptr) std::ofstream(path) << built;
  std::ifstream file(path);
  const std::string golden{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(golden, built) << path;
}

TEST(GoldenConfigs, OfAClusterWithoutRelays) {
  Cluster c;
  c.node(2, "entry-2", {entry});
  c.node(1, "entry-1", {entry});
  c.node(3, "egress-3", {egress});
  c.node(4, "entry-egress-4", {entry, egress});
  c.pool(1, {3, 4});
  c.resource(1, 1, 1);
  compare("without-relays", c);
}

TEST(GoldenConfigs, OfAClusterOfThreeHops) {
  Cluster c;
  c.node(5, "entry-5", {entry});
  c.node(4, "relay-4", {relay});
  c.node(3, "relay-3", {relay});
  c.node(2, "egress-2", {egress});
  c.node(1, "egress-1", {egress});
  c.node(6, "idle-6", {});
  c.pool(1, {1, 2});
  c.resource(1, 1, 1);
  compare("three-hops", c);
}

TEST(GoldenConfigs, OfEveryMixOfRoles) {
  Cluster c;
  c.node(7, "entry-7", {entry});
  c.node(6, "relay-6", {relay});
  c.node(5, "egress-5", {egress});
  c.node(4, "entry-relay-4", {entry, relay});
  c.node(3, "relay-egress-3", {relay, egress});
  c.node(2, "entry-egress-2", {entry, egress});
  c.node(1, "all-1", {entry, relay, egress});
  c.pool(1, {1, 2, 3, 5});
  c.resource(1, 1, 1);
  compare("every-mix-of-roles", c);
}

TEST(GoldenConfigs, WhileNodesDrainAndOthersAreDisabled) {
  Cluster c;
  c.node(1, "entry-1", {entry});
  c.node(2, "relay-2", {relay});
  c.node(3, "relay-3", {relay}).draining = true;
  c.node(4, "relay-4", {relay}).disabled = true;
  c.node(5, "egress-5", {egress});
  ModelNode& drains = c.node(6, "egress-6", {egress});
  drains.draining = true;
  drains.drain_deadline = to_unix(kGoldenNow) + 600;
  c.node(7, "egress-7", {egress}).disabled = true;
  c.pool(1, {5, 6, 7});
  c.pool(2, {6, 7});
  c.resource(1, 1, 1);
  c.resource(2, 1, 2);
  c.model.revocations = {
      {{.kind = RevocationKind::node, .node = id<NodeId>(7)}},
      {{.kind = RevocationKind::certificate, .serial = "0a", .severity = wire::Severity::drain}},
      {{.kind = RevocationKind::node, .node = id<NodeId>(8)}, to_unix(kGoldenNow)}};
  compare("draining-and-disabled", c);
}

TEST(GoldenConfigs, WhenTheOnlyRelayIsDisabled) {
  Cluster c;
  c.node(1, "entry-1", {entry});
  c.node(2, "relay-2", {relay}).disabled = true;
  c.node(3, "egress-3", {egress});
  c.pool(1, {3});
  c.resource(1, 1, 1);
  compare("only-relay-disabled", c);
}

TEST(GoldenConfigs, OfTwoOrganizationsThatShareAnEgress) {
  Cluster c;
  c.node(1, "entry-1", {entry});
  c.node(2, "relay-2", {relay});
  c.node(3, "shared-3", {egress});
  c.node(4, "alphas-4", {egress});
  c.node(5, "betas-5", {egress});
  c.pool(1, {3, 4});
  c.pool(2, {3, 5});
  c.resource(11, 1, 1);
  c.resource(21, 2, 2);
  c.resource(22, 2, 2);
  for (const auto organization : {std::uint16_t{1}, std::uint16_t{2}}) {
    c.model.documents.push_back(
        {.type = std::string(kAppPolicy),
         .scope = {.layer = Layer::organization, .organization = id<OrganizationId>(organization)},
         .version = organization,
         .value = R"({"deny":["file_transfer"]})"});
  }
  compare("two-organizations", c);
}

// More than kBootstrapThreshold nodes dial each relay; one of each kind that dials is compared.
TEST(GoldenConfigs, OfManyNodes) {
  Cluster c;
  for (std::uint16_t n = 1; n <= 4; ++n) c.node(n, "entry-" + std::to_string(n), {entry});
  for (std::uint16_t n = 5; n <= 7; ++n) c.node(n, "relay-" + std::to_string(n), {relay});
  for (std::uint16_t n = 8; n <= 8 + mesh::kBootstrapThreshold; ++n) {
    c.node(n, "egress-" + std::to_string(n), {egress});
  }
  c.pool(1, {8, 9, 10});
  c.resource(1, 1, 1);
  compare("many-nodes", c, {"entry-1", "egress-8"});
}

}  // namespace
}  // namespace rap::snapshot
