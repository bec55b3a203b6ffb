#include "wire/spiffe_id.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::wire {
namespace {

const std::string kCluster = "0f8fad5b-d9cb-469f-a165-70867728950e";
const std::string kNode = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

TEST(SpiffeId, RoundTripsEveryKind) {
  SeededRandom rng(1);
  for (const auto kind : {SpiffeId::Kind::node, SpiffeId::Kind::control}) {
    for (int i = 0; i < 100; ++i) {
      const SpiffeId id{ClusterId::random(rng), kind, NodeId::random(rng).bytes()};
      EXPECT_EQ(SpiffeId::parse(id.str()), id);
    }
  }
}

TEST(SpiffeId, IsWrittenAsTheDocumentsSay) {
  const auto id = SpiffeId::of_node(*ClusterId::parse(kCluster), *NodeId::parse(kNode));
  EXPECT_EQ(id.str(), "spiffe://rap/cluster/" + kCluster + "/node/" + kNode);
  EXPECT_EQ(id.node().str(), kNode);
}

TEST(SpiffeId, RefusesEverythingButItsOneForm) {
  const std::string good = "spiffe://rap/cluster/" + kCluster + "/node/" + kNode;
  ASSERT_TRUE(SpiffeId::parse(good));
  const std::string tail = "/cluster/" + kCluster + "/node/" + kNode;
  for (const std::string& bad : std::vector<std::string>{
           "",
           "spiffe://",
           "spiffe://rap",
           "spiffe://rap/",
           "spiffe:/rap" + tail,
           "SPIFFE://rap" + tail,
           "https://rap" + tail,
           "spiffe://Rap" + tail,
           "spiffe://other" + tail,
           "spiffe://rap.example" + tail,
           "spiffe://rap:443" + tail,
           "spiffe://user@rap" + tail,
           "spiffe://" + tail,
           "spiffe://rap/" + tail,
           good + "/",
           good + "?q",
           good + "#f",
           good + " ",
           " " + good,
           good + "/x",
           good + "0",
           good.substr(0, good.size() - 1),
           "spiffe://rap/cluster/" + kCluster,
           "spiffe://rap/cluster/" + kCluster + "/",
           "spiffe://rap/cluster/" + kCluster + "/node",
           "spiffe://rap/cluster/" + kCluster + "/node/",
           "spiffe://rap/cluster/" + kCluster + "/Node/" + kNode,
           "spiffe://rap/cluster/" + kCluster + "/user/" + kNode,
           "spiffe://rap/cluster/" + kCluster + "//node/" + kNode,
           "spiffe://rap/cluster/" + kCluster + "/./node/" + kNode,
           "spiffe://rap/cluster/" + kCluster + "/node/%37c9e6679-7425-40de-944b-e07fc1f90ae7",
           "spiffe://rap/cluster/" + kCluster + "/node/7C9E6679-7425-40DE-944B-E07FC1F90AE7",
           "spiffe://rap/cluster/0F8FAD5B-D9CB-469F-A165-70867728950E/node/" + kNode,
           "spiffe://rap/node/" + kNode}) {
    EXPECT_FALSE(SpiffeId::parse(bad)) << bad;
  }
}

TEST(SpiffeId, IsRefusedWhenTruncatedOrWhenAByteOfItsFrameChanges) {
  const std::string good = "spiffe://rap/cluster/" + kCluster + "/node/" + kNode;
  const auto original = SpiffeId::parse(good);
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_FALSE(SpiffeId::parse(good.substr(0, n))) << n;
    for (int c = 0; c < 256; ++c) {
      std::string bad = good;
      bad[n] = static_cast<char>(c);
      const auto parsed = SpiffeId::parse(bad);
      // A changed hex digit is another valid id, and never this one.
      if (parsed && bad != good) {
        EXPECT_NE(parsed, original);
        EXPECT_EQ(parsed->str(), bad);
      }
    }
  }
}

}  // namespace
}  // namespace rap::wire
