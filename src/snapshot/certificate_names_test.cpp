#include "snapshot/certificate_names.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::snapshot {
namespace {

using Names = std::vector<std::string>;
using Hosts = std::vector<wire::HostPort>;

class CertificateNames : public ::testing::Test {
 protected:
  crypto::SubjectNames of_node(const Hosts& advertised) const {
    return node_certificate_names(cluster, node, advertised);
  }

  SeededRandom rng{4};
  ClusterId cluster = ClusterId::random(rng);
  NodeId node = NodeId::random(rng);
};

TEST_F(CertificateNames, OfANodeAreItsIdentityAndTheHostsThatItAdvertises) {
  const auto names = of_node({{"Entry.Example", 443}, {"2001:DB8::1", 4444}});
  EXPECT_EQ(names.uris, Names{wire::SpiffeId::of_node(cluster, node).str()});
  EXPECT_EQ(names.dns, Names{"entry.example"});
  EXPECT_EQ(names.ips, Names{"2001:db8::1"});
  EXPECT_FALSE(names.has_other);
}

TEST_F(CertificateNames, AreSortedAndEachThereOnce) {
  EXPECT_EQ(of_node({{"b.example", 1}, {"a.example", 2}}).dns, (Names{"a.example", "b.example"}));
  EXPECT_EQ(of_node({{"a.example", 1}, {"A.example", 2}}).dns, Names{"a.example"});
  EXPECT_EQ(of_node({{"192.0.2.1", 1}, {"192.0.2.1", 2}}).ips, Names{"192.0.2.1"});
  EXPECT_EQ(of_node({{"a.example", 1}, {"b.example", 2}}),
            of_node({{"b.example", 1}, {"A.EXAMPLE", 2}}));
}

TEST_F(CertificateNames, OfAWorkerAreItsIdentityAndItsEntryAlone) {
  const auto names = worker_certificate_names(cluster, node, {"Entry.Example", 443});
  EXPECT_EQ(names.uris, Names{wire::SpiffeId::of_worker(cluster, node).str()});
  EXPECT_EQ(names.dns, Names{"entry.example"});
  EXPECT_TRUE(names.ips.empty());
  EXPECT_EQ(worker_certificate_names(cluster, node, {"192.0.2.1", 443}).ips, Names{"192.0.2.1"});
}

TEST_F(CertificateNames, HaveOneForm) {
  crypto::SubjectNames names{{"B", "a", "b"}, {"192.0.2.2", "192.0.2.1"}, {"spiffe://A/b"}, true};
  const auto canonical = canonical_names(names);
  EXPECT_EQ(canonical.dns, (Names{"a", "b"}));
  EXPECT_EQ(canonical.ips, (Names{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(canonical.uris, Names{"spiffe://A/b"}) << "the path of a URI is not folded";
  EXPECT_TRUE(canonical.has_other);
  EXPECT_EQ(canonical_names(canonical), canonical);
}

}  // namespace
}  // namespace rap::snapshot
