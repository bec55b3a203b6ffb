#include "control/csr_policy.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::control {
namespace {

class CsrPolicy : public ::testing::Test {
 protected:
  std::string code_of(const crypto::SubjectNames& asked) {
    const auto accepted = accept_request(crypto::make_csr(key, asked), expected);
    return accepted ? "accepted" : std::string(kind_of(accepted.error().code).name);
  }

  SeededRandom rng{4};
  ClusterId cluster = ClusterId::random(rng);
  NodeId node = NodeId::random(rng);
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames expected =
      node_names(cluster, node, {"Entry.Example:443", "[2001:DB8::1]:4444"});
};

TEST_F(CsrPolicy, ExpectsTheIdentityAndTheAdvertisedHosts) {
  EXPECT_EQ(expected.uris, std::vector{wire::SpiffeId::of_node(cluster, node).str()});
  EXPECT_EQ(expected.dns, std::vector<std::string>{"entry.example"});
  EXPECT_EQ(expected.ips, std::vector<std::string>{"2001:db8::1"});
  EXPECT_EQ(node_names(cluster, node, {"h:1", "h:2"}).dns.size(), 1U) << "each once";
}

TEST_F(CsrPolicy, AcceptsExactlyThoseNames) {
  EXPECT_EQ(code_of(expected), "accepted");
  auto other = expected;
  other.dns = {"ENTRY.example"};
  EXPECT_EQ(code_of(other), "accepted") << "DNS names ignore case";
}

TEST_F(CsrPolicy, RefusesMoreFewerOrOtherNames) {
  const auto changed = [&](auto change) {
    auto names = expected;
    change(names);
    return code_of(names);
  };
  const std::string refused = "csr_names_mismatch";
  EXPECT_EQ(changed([](auto& n) { n.dns.push_back("evil.example"); }), refused);
  EXPECT_EQ(changed([](auto& n) { n.dns.clear(); }), refused);
  EXPECT_EQ(changed([](auto& n) { n.dns = {"*.example"}; }), refused);
  EXPECT_EQ(changed([](auto& n) { n.ips = {"2001:db8::2"}; }), refused);
  EXPECT_EQ(changed([](auto& n) { n.uris.clear(); }), refused);
  EXPECT_EQ(changed([&](auto& n) {
              n.uris = {wire::SpiffeId::of_node(cluster, NodeId::random(rng)).str()};
            }),
            refused);
  EXPECT_EQ(changed([&](auto& n) {
              n.uris = {wire::SpiffeId::of_node(ClusterId::random(rng), node).str()};
            }),
            refused);
  EXPECT_EQ(changed([](auto& n) { n.uris.push_back("spiffe://other/x"); }), refused);
}

TEST_F(CsrPolicy, RefusesAnotherKindOfKeyAndWhatIsNoRequest) {
  key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_EQ(code_of(expected), "csr_malformed");
  EXPECT_EQ(accept_request("", expected).error().code, ProblemCode::csr_malformed);
}

}  // namespace
}  // namespace rap::control
