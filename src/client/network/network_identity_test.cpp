#include "client/network/network_identity.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "io/system/test_directory.hpp"

namespace rap::client {
namespace {

struct NetworkIdentity : testing::Test {
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder / name) << text;
  }
  std::string identity() { return network_identity(folder / ""); }

  io::TestDirectory folder;
};

const std::string kRoutes =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n"
    "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\n"
    "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\n";
const std::string kNeighbours =
    "IP address       HW type     Flags       HW address            Mask     Device\n"
    "192.168.1.1      0x1         0x2         00:11:22:33:44:55     *        wlan0\n";

TEST_F(NetworkIdentity, IsTheGatewaysAndSaysNoAddress) {
  write("route", kRoutes);
  write("arp", kNeighbours);
  const std::string home = identity();
  EXPECT_EQ(home.size(), 16U);
  EXPECT_EQ(home, identity());
  EXPECT_EQ(home.find("192"), std::string::npos);
  std::string other = kNeighbours;
  other.replace(other.find("55"), 2, "66");
  write("arp", other);
  EXPECT_NE(identity(), home) << "another home with the same addresses";
}

TEST_F(NetworkIdentity, OfANetworkWithIpv6AloneIsItsGatewaysToo) {
  write("ipv6_route",
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
        "fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n");
  EXPECT_NE(identity(), "none");
}

TEST_F(NetworkIdentity, IsNoneWithoutAWayOut) {
  EXPECT_EQ(identity(), "none");
  write("route", kRoutes.substr(0, kRoutes.rfind("wlan0")));
  EXPECT_EQ(identity(), "none");
}

}  // namespace
}  // namespace rap::client
