#include "policy/addresses/ip_address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::policy {
namespace {

std::optional<std::string> by_the_system(const std::string& text) {
  unsigned char bytes[16];
  char out[INET6_ADDRSTRLEN];
  for (int family : {AF_INET, AF_INET6}) {
    if (inet_pton(family, text.c_str(), bytes) == 1) {
      return inet_ntop(family, bytes, out, sizeof out);
    }
  }
  return std::nullopt;
}

std::optional<std::string> by_us(const std::string& text) {
  const auto address = IpAddress::parse(text);
  return address ? std::optional(address->str()) : std::nullopt;
}

TEST(IpAddress, ReadsAndWritesWhatTheSystemDoes) {
  for (const char* text : {"0.0.0.0",
                           "127.0.0.1",
                           "255.255.255.255",
                           "256.0.0.1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "01.2.3.4",
                           "1..2.3",
                           "",
                           ".",
                           ":",
                           "::",
                           ":::",
                           "::1",
                           "1::",
                           "1:2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7::",
                           "::2:3:4:5:6:7:8",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "2001:DB8:0:0:1:0:0:1",
                           "fe80::1%eth0",
                           "::ffff:1.2.3.4",
                           "::1.2.3.4",
                           "1.2.3.4::",
                           "::12345",
                           "::g",
                           "1:2:3:4:5:6:1.2.3.4",
                           "0:0:1::",
                           "::1:0",
                           "1:",
                           ":1",
                           "1:2",
                           "::ffff:0:1.2.3.4",
                           "64:ff9b::1.2.3.4"}) {
    EXPECT_EQ(by_us(text), by_the_system(text)) << text;
  }
}

TEST(IpAddress, AgreesWithTheSystemOnRandomAddressesAndOnRandomText) {
  SeededRandom rng(3);
  for (int i = 0; i < 20000; ++i) {
    std::array<std::uint8_t, 16> bytes;
    for (auto& b : bytes) b = rng.below(3) == 0 ? static_cast<std::uint8_t>(rng.below(256)) : 0;
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
    ASSERT_EQ(by_us(text), text);

    constexpr std::string_view kAlphabet = "::::..00112af";
    std::string noise;
    for (auto n = rng.below(16); n > 0; --n) noise += kAlphabet[rng.below(kAlphabet.size())];
    ASSERT_EQ(by_us(noise), by_the_system(noise)) << noise;
  }
}

TEST(IpAddress, IsClassifiedByTheAddressInsideAMappedOne) {
  EXPECT_TRUE(IpAddress::parse("::ffff:169.254.169.254")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("::ffff:0.0.0.0")->is_unspecified());
  EXPECT_TRUE(IpAddress::parse("::ffff:224.0.0.1")->is_multicast());
  EXPECT_FALSE(IpAddress::parse("::ffff:10.0.0.1")->is_link_local());
}

}  // namespace
}  // namespace rap::policy
