#include "node/fabric/target_gate.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "io/dialling/test_nameserver.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/system.hpp"
#include "io/system/throttled_log.hpp"

namespace rap::fabric {
namespace {

using policy::IpAddress;

class TargetGateTest : public ::testing::Test {
 protected:
  io::EventLoop loop;
  io::TestLog log;

  // Where it stands it has a timer, so that it is not moved.
  TargetGate gate(std::vector<Address> own = {}) { return {loop, std::move(own), log}; }
  static void allow(TargetGate& gate, const char* range) {
    gate.configure(
        snapshot::target_ranges_from({wire::JsonValue(nlohmann::json{{"allow", {range}}})}),
        "egress-1");
  }
  static bool opens(TargetGate& gate, const char* address, std::uint16_t port,
                    const char* host = "a.test") {
    adapters::ResourceRequest request;
    request.settings = {host, port};
    return gate.may_open(request, IpAddress::parse(address).value());
  }
};

TEST_F(TargetGateTest, DeniesWhatIsDeniedByItself) {
  TargetGate g = gate();
  EXPECT_TRUE(opens(g, "192.0.2.1", 22));
  EXPECT_FALSE(opens(g, "127.0.0.1", 22));
  EXPECT_FALSE(opens(g, "169.254.169.254", 80));
  allow(g, "127.0.0.1");
  EXPECT_TRUE(opens(g, "127.0.0.1", 22));
}

TEST_F(TargetGateTest, NeverOpensTheNodesOwnListenersWhateverIsAllowed) {
  TargetGate g = gate({{"127.0.0.1", 7443}, {"0.0.0.0", 443}, {"::", 9464}});
  allow(g, "127.0.0.1");
  EXPECT_FALSE(opens(g, "127.0.0.1", 7443));
  EXPECT_FALSE(opens(g, "::ffff:127.0.0.1", 7443));
  EXPECT_FALSE(opens(g, "127.0.0.1", 443)) << "that one listens everywhere";
  EXPECT_FALSE(opens(g, "127.0.0.1", 9464));
  EXPECT_FALSE(opens(g, "64:ff9b::7f00:1", 443));
  EXPECT_TRUE(opens(g, "127.0.0.1", 22));
  EXPECT_TRUE(opens(g, "192.0.2.1", 443)) << "not an address of this machine";
}

TEST_F(TargetGateTest, NeverOpensTheAgentsListenersWhereverTheyAre) {
  TargetGate g = gate({{"127.0.0.1", 7443}});
  allow(g, "127.0.0.0/8");
  EXPECT_TRUE(opens(g, "127.0.0.1", 9465)) << "nobody said that it is one";
  g.set_agent({{"127.0.0.1", 9465}, {"::", 9466}, {"localhost", 9467}});
  EXPECT_FALSE(opens(g, "127.0.0.1", 9465));
  EXPECT_FALSE(opens(g, "::ffff:127.0.0.1", 9465));
  EXPECT_FALSE(opens(g, "127.0.0.2", 9466)) << "that one listens everywhere";
  EXPECT_FALSE(opens(g, "127.0.0.1", 9467));
  EXPECT_FALSE(opens(g, "127.0.0.1", 7443)) << "the fabric's own stay what they are";
  EXPECT_TRUE(opens(g, "127.0.0.2", 9465));
  g.set_agent({});
  EXPECT_TRUE(opens(g, "127.0.0.1", 9465)) << "the agent came back without it";
}

TEST_F(TargetGateTest, OpensTheControlPlanesAddressOnlyByNameAndItsListenersNever) {
  TargetGate g = gate();
  g.set_control({{"192.0.2.9", 8443}, {"192.0.2.9", 9091}});
  EXPECT_FALSE(opens(g, "192.0.2.9", 22));
  EXPECT_TRUE(opens(g, "192.0.2.8", 8443));
  allow(g, "192.0.2.0/24");
  EXPECT_FALSE(opens(g, "192.0.2.9", 22));
  allow(g, "192.0.2.9");
  EXPECT_TRUE(opens(g, "192.0.2.9", 22));
  EXPECT_FALSE(opens(g, "192.0.2.9", 8443));
  EXPECT_FALSE(opens(g, "192.0.2.9", 9091));
  // It moved.
  g.set_control({{"192.0.2.7", 8443}});
  EXPECT_TRUE(opens(g, "192.0.2.9", 8443));
  EXPECT_FALSE(opens(g, "192.0.2.7", 8443));
}

TEST_F(TargetGateTest, LooksTheControlPlanesNamesUp) {
  io::TestNameserver nameserver({.addresses = {{"control.test", {"192.0.2.9", "2001:db8::9"}}}});
  io::resolver_of(loop).set_options(
      {.resolv_conf = nameserver.resolv_conf(), .port = nameserver.port()});
  TargetGate g = gate();
  g.set_control({{"control.test", 8443}});
  EXPECT_FALSE(opens(g, "192.0.2.9", 8443, "Control.Test")) << "the name itself, at once";
  io::Timer check(loop);
  const std::function<void()> wait = [&] {
    if (io::resolver_of(loop).under_way() == 0) return loop.stop();
    check.after(std::chrono::milliseconds{1}, wait);
  };
  wait();
  loop.run();
  EXPECT_FALSE(opens(g, "192.0.2.9", 22));
  EXPECT_FALSE(opens(g, "2001:db8::9", 22));
  EXPECT_TRUE(opens(g, "192.0.2.8", 22));
}

TEST_F(TargetGateTest, SaysTheFirstDenialsOfAnOrganizationAndCountsTheRest) {
  {
    io::ThrottledLog throttled(log, io::mono_now);
    TargetGate g(loop, {}, throttled);
    for (int i = 0; i < 100; ++i) opens(g, "127.0.0.1", 22);
    EXPECT_EQ(log.count("target.denied\",\"resource"), kLinesOfASource);
  }
  EXPECT_EQ(log.count("\"lines\":97"), 1);
}

}  // namespace
}  // namespace rap::fabric
