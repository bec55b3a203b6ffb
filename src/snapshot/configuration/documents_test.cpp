#include "snapshot/configuration/documents.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/seeded_random.hpp"
#include "snapshot/configuration/build.hpp"

namespace rap::snapshot {
namespace {

using enum policy::NodeRole;

TEST(Documents, RoundTripAndNameWhatIsWrong) {
  SeededRandom rng(1);
  const Document document{ClusterId::random(rng),
                          std::string(kAppPolicy),
                          {Layer::organization, OrganizationId::random(rng), {}},
                          7,
                          wire::JsonValue::of(R"({"classes":["input"]})")};
  const std::string text = to_json(document);
  EXPECT_EQ(parse_document(text), document);
  const auto fault_after = [&](std::string_view from, std::string_view to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    const auto parsed = parse_document(changed);
    return parsed ? std::string() : parsed.error();
  };
  EXPECT_EQ(fault_after("input", "nonsense"),
            "in \"value\", member \"classes\" must be a list of different traffic classes");
  EXPECT_EQ(fault_after("\"organization\"", "\"platform\""),
            "member \"organization\" must be a UUID in lower case for its layer, and else empty");
  EXPECT_EQ(fault_after("\"organization\"", "\"service\""),
            "member \"resource\" must be a UUID in lower case for its layer, and else empty");
  EXPECT_EQ(fault_after(":7", ":-7"),
            "member \"version\" must be an integer from 0 to 9223372036854775807");
}

// A secret of every organization, type and layer is planted; each node's configuration, with all
// that is delivered beside it, is searched for what is not for it (SN-1).
class LeastKnowledge : public ::testing::Test {
 protected:
  LeastKnowledge() {
    model.cluster = ClusterId::random(rng);
    model.version = 7;
    model.trust_bundle_pem = "ROOTS";
    model.token_keys = {{"token-key-id", "token-key-pem"}};
    for (const char* org : {"alpha", "beta", "gamma"}) add_organization(org);
    // alpha and beta can be reached from entries; gamma's pool has no node.
    egress_alpha = add_node("egress-alpha", {egress}, {pools["alpha"]});
    egress_beta = add_node("egress-beta", {egress}, {pools["beta"]});
    for (const auto& roles : kMixes) {
      const std::string name = "mix-" + std::to_string(mixes.size());
      mixes.push_back(add_node(name, roles, {}));
    }
  }

  void add_organization(const std::string& name) {
    const OrganizationId id = OrganizationId::random(rng);
    const EgressPoolId pool = EgressPoolId::random(rng);
    pools[name] = pool;
    model.pools.push_back({pool, {}});
    const ResourceId resource = ResourceId::random(rng);
    model.resources.push_back(
        {resource, id, pool, policy::Protocol::ssh, name + "-target.internal", 22});
    for (const ConfigType& type : config_types()) {
      const std::string mark = std::string(type.name) + "-of-" + name;
      if (type.has_layer(Layer::organization)) {
        add_document(type.name, {Layer::organization, id, {}}, mark);
      }
      if (type.has_layer(Layer::service)) {
        add_document(type.name, {Layer::service, id, resource}, mark + "-service");
      }
    }
    organizations[name] = id;
  }
  void add_document(std::string_view type, const DocumentScope& scope, const std::string& mark) {
    model.documents.push_back({std::string(type), scope, 1, R"({"planted":")" + mark + "\"}"});
  }
  NodeId add_node(const std::string& name, std::vector<policy::NodeRole> roles,
                  const std::vector<EgressPoolId>& serves) {
    ModelNode node;
    node.id = NodeId::random(rng);
    node.name = "name-of-" + name;
    node.roles = std::move(roles);
    node.fabric_endpoint = "address-of-" + name + ":1";
    rng.fill(node.seal_key);
    model.nodes.push_back(node);
    for (ModelPool& pool : model.pools) {
      if (std::ranges::find(serves, pool.id) != serves.end()) pool.members.push_back(node.id);
    }
    return node.id;
  }
  // All bytes that the node is given.
  std::string given_to(NodeId id) const {
    const ClusterIndex index(model);
    std::string out = to_json(build_node_config(index, id, from_unix(1)).value());
    const GivenDocuments given = index.documents_for(*index.find(id));
    for (const IndexedDocument* d : given.list) out += d->payload;
    return out;
  }
  static bool has(const std::string& bytes, const std::string& mark) {
    return bytes.find(mark) != bytes.npos;
  }

  const std::vector<std::vector<policy::NodeRole>> kMixes = {{},
                                                             {entry},
                                                             {relay},
                                                             {egress},
                                                             {entry, relay},
                                                             {entry, egress},
                                                             {relay, egress},
                                                             {entry, relay, egress}};
  SeededRandom rng{3};
  ClusterModel model;
  std::map<std::string, OrganizationId> organizations;
  std::map<std::string, EgressPoolId> pools;
  NodeId egress_alpha;
  NodeId egress_beta;
  std::vector<NodeId> mixes;
};

TEST_F(LeastKnowledge, NobodyIsGivenAnythingOfWhatCannotBeReached) {
  for (const ModelNode& node : std::vector(model.nodes)) {
    const std::string bytes = given_to(node.id);
    EXPECT_FALSE(has(bytes, "-of-gamma")) << node.name;
    EXPECT_FALSE(has(bytes, "gamma-target")) << node.name;
    EXPECT_FALSE(has(bytes, organizations["gamma"].str())) << node.name;
  }
}

TEST_F(LeastKnowledge, EveryMixOfRolesIsGivenTheSumOfItsRolesAndNoMore) {
  for (std::size_t i = 0; i < mixes.size(); ++i) {
    const auto& roles = kMixes[i];
    const bool is_entry = std::ranges::find(roles, entry) != roles.end();
    const bool is_egress = std::ranges::find(roles, egress) != roles.end();
    const std::string bytes = given_to(mixes[i]);
    SCOPED_TRACE(i);
    // None of the mixes serves a pool.
    EXPECT_FALSE(has(bytes, "-target.internal"));
    EXPECT_FALSE(has(bytes, "app_mtls_trust_bundle"));
    EXPECT_FALSE(has(bytes, "app_variables"));
    EXPECT_EQ(has(bytes, "app_policy-of-alpha"), is_entry);
    EXPECT_EQ(has(bytes, "app_client_ca_bundle-of-beta"), is_entry);
    EXPECT_EQ(has(bytes, organizations["alpha"].str()), is_entry);
    EXPECT_EQ(has(bytes, "token-key-pem"), is_entry || is_egress);
    EXPECT_EQ(has(bytes, pools["alpha"].str()), is_entry);
    // Names are nobody else's to know, and addresses only of whom the node dials.
    for (const ModelNode& other : model.nodes) {
      const bool dials = (is_entry || is_egress) && other.has(relay);
      EXPECT_TRUE(other.id == mixes[i] || !has(bytes, other.name)) << other.name;
      EXPECT_TRUE(dials || !has(bytes, other.fabric_endpoint)) << other.name;
    }
  }
}

TEST_F(LeastKnowledge, AnEgressIsGivenWhatBelongsToTheOrganizationsItServes) {
  const std::string alpha = given_to(egress_alpha);
  EXPECT_TRUE(has(alpha, "app_policy-of-alpha"));
  EXPECT_TRUE(has(alpha, "app_mtls_trust_bundle-of-alpha-service"));
  EXPECT_TRUE(has(alpha, "app_variables-of-alpha"));
  EXPECT_TRUE(has(alpha, "alpha-target.internal"));
  EXPECT_FALSE(has(alpha, "app_client_ca_bundle")) << "an entry's";
  EXPECT_FALSE(has(alpha, "beta"));
  EXPECT_FALSE(has(alpha, organizations["beta"].str()));
  const std::string beta = given_to(egress_beta);
  EXPECT_TRUE(has(beta, "app_mtls_trust_bundle-of-beta\""));
  EXPECT_FALSE(has(beta, "alpha"));
}

TEST_F(LeastKnowledge, OfThePlatformEveryNodeIsGivenWhatEveryNodeNeeds) {
  add_document(kAgentRuntime, {}, "for-every-agent");
  add_document(kAppClientCaBundle, {}, "for-every-entry");
  for (const ModelNode& node : std::vector(model.nodes)) {
    const std::string bytes = given_to(node.id);
    EXPECT_TRUE(has(bytes, "for-every-agent")) << node.name;
    EXPECT_EQ(has(bytes, "for-every-entry"), node.has(entry)) << node.name;
  }
}

TEST_F(LeastKnowledge, ANodeThatMayNotHoldAllItsDocumentsServesNoOrganization) {
  std::erase_if(model.documents,
                [](const ModelDocument& d) { return d.scope.layer == Layer::service; });
  add_document(kAgentRuntime, {}, "for-every-agent");
  const EgressPoolId pool = pools["alpha"];
  const NodeId both = add_node("both", {entry, egress}, {pool});
  const auto given = [&] {
    const ClusterIndex index(model);
    return std::pair(build_node_config(index, both, from_unix(1)).value(),
                     index.documents_for(*index.find(both)));
  };
  const auto policy_of_another = [&] {
    const OrganizationId id = OrganizationId::random(rng);
    model.resources.push_back(
        {ResourceId::random(rng), id, pool, policy::Protocol::ssh, "target.internal", 22});
    add_document(kAppPolicy, {Layer::organization, id, {}}, "policy");
  };
  while (given().second.list.size() < kMaxDocuments) policy_of_another();
  const auto [full, all] = given();
  EXPECT_TRUE(all.fits);
  EXPECT_EQ(full.documents.size(), kMaxDocuments);
  EXPECT_FALSE(full.pools.empty());
  EXPECT_FALSE(full.resources.empty());

  policy_of_another();
  const auto [closed, left] = given();
  EXPECT_FALSE(left.fits);
  ASSERT_EQ(closed.documents.size(), 1U) << "the platform's still holds";
  EXPECT_EQ(closed.documents[0].type, kAgentRuntime);
  EXPECT_TRUE(closed.pools.empty()) << "an entry lets nothing new in";
  EXPECT_TRUE(closed.resources.empty()) << "an egress opens nothing";
}

TEST(DocumentLimits, CannotBeExceededByWhatMayBeSet) {
  std::size_t of_platform = 0;
  for (const ConfigType& type : config_types()) {
    if (type.audience == Audience::nobody) continue;
    of_platform += static_cast<std::size_t>(type.has_layer(Layer::platform)) +
                   static_cast<std::size_t>(type.has_layer(Layer::cluster));
  }
  EXPECT_LE(of_platform, kMaxPlatformDocuments);
  EXPECT_LE(kMaxPlatformDocuments + kMaxOrganizationDocuments, kMaxDocuments);
}

}  // namespace
}  // namespace rap::snapshot
