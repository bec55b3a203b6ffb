#include "io/stream/asio_peer_address.hpp"

#include <gtest/gtest.h>

#include "policy/addresses/ip_address.hpp"

namespace rap::io {
namespace {

TEST(PeerAddress, IsOneThatIsReadAgainWhateverLinkItCameOver) {
  auto on_a_link = boost::asio::ip::make_address_v6("fe80::1");
  on_a_link.scope_id(1);
  EXPECT_EQ(peer_address(on_a_link), "fe80::1");
  EXPECT_TRUE(policy::IpAddress::parse(peer_address(on_a_link)));
  EXPECT_EQ(peer_address(boost::asio::ip::make_address("2001:db8::7")), "2001:db8::7");
  EXPECT_EQ(peer_address(boost::asio::ip::make_address("192.0.2.7")), "192.0.2.7");
}

}  // namespace
}  // namespace rap::io
