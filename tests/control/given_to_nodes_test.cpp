// How much organizations may have nodes be given.
#include "control/access/given_to_nodes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "control/access/egress_pool.hpp"
#include "control/access/resource.hpp"
#include "io/system/system.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

// A node would take no configuration any more that has more in it than it reads.
class GivenToNodes : public ::testing::Test {
 protected:
  Answered create(const std::string& name) {
    return w.as("admin@alpha", "POST", "organizations/alpha/resources",
                {{"name", name},
                 {"protocol", "ssh"},
                 {"host", "sshd.internal"},
                 {"port", 22},
                 {"egress_pool", "pool-alpha"}});
  }
  OrganizationId id_of(const std::string& organization) {
    for (const json& one : in(w.as("keeper", "GET", "organizations"), "items")) {
      if (one["name"] == organization) return *OrganizationId::parse(one["id"].get<std::string>());
    }
    return {};
  }
  // So many more, some at a time: each changes the cluster's version, and the database goes through
  // all the versions that one transaction made.
  void add_resources(const std::string& organization, std::size_t count) {
    constexpr std::size_t kAtOnce = 128;
    const OrganizationId of = id_of(organization);
    for (; count > 0; count -= std::min(count, kAtOnce)) {
      add_resources(of, organization, std::min(count, kAtOnce));
    }
  }
  void add_resources(OrganizationId of, const std::string& organization, std::size_t count) {
    const auto done =
        w.control->database.run(control::Scope::organization(of), [&](control::Transaction& tx) {
          const auto pool = tx.egress_pools().find(of, "pool-" + organization);
          control::Resource resource;
          resource.organization = of;
          resource.cluster = pool->cluster;
          resource.egress_pool = pool->id;
          resource.host = "10.0.0.1";
          resource.port = 22;
          resource.created_at = ControlPlane::kStart;
          for (std::size_t i = 0; i < count; ++i) {
            resource.id = ResourceId::random(rng);
            resource.name = "many-" + std::to_string(added++);
            EXPECT_TRUE(tx.resources().create(resource));
          }
          return control::Ending::commit;
        });
    EXPECT_TRUE(done);
  }

  SeededWorld w;
  io::SystemRandom rng;
  std::size_t added = 0;
};

TEST_F(GivenToNodes, AnOrganizationHasSoManyResourcesAndNoMore) {
  add_resources("alpha", control::kMaxResourcesOfOrganization - 2);  // one is there
  EXPECT_EQ(create("last").status, 201);
  const Answered refused = create("one-more");
  EXPECT_EQ(refused.code(), "too_many_configs") << refused.text;
  EXPECT_EQ(in(w.as("admin@alpha", "GET", "organizations/alpha/resources"), "items").size(),
            control::kMaxResourcesOfOrganization)
      << "all are listed";
  ASSERT_EQ(w.as("admin@alpha", "DELETE", "organizations/alpha/resources/last").status, 204);
  EXPECT_EQ(create("one-more").status, 201);
}

TEST_F(GivenToNodes, AnOrganizationHasSoManyPoolsAndNoMore) {
  const auto create_pool = [&](const std::string& name) {
    return w.as("admin@alpha", "POST", "organizations/alpha/egress-pools", {{"name", name}});
  };
  for (std::size_t i = 1; i < control::kMaxPoolsOfOrganization; ++i) {
    ASSERT_EQ(create_pool("p" + std::to_string(i)).status, 201);
  }
  EXPECT_EQ(create_pool("one-more").code(), "too_many_configs");
}

TEST_F(GivenToNodes, OrganizationsTogetherGiveANodeSoManyResourcesAndNoMore) {
  // The egress serves both; what others have there counts, and is not told.
  add_resources("beta", control::kMaxResourcesOfNode - 2);  // one of each is there
  const Answered refused = create("office");
  EXPECT_EQ(refused.code(), "too_many_configs") << refused.text;
  EXPECT_EQ(refused.text.find("beta"), std::string::npos);
}

}  // namespace
}  // namespace rap::store
