#include "node/fabric/settings.hpp"

#include <gtest/gtest.h>

namespace rap::fabric {
namespace {

TEST(FabricSettings, TakeAnAddressWithItsPort) {
  EXPECT_EQ((Address{"127.0.0.1", 7443}), parse_address("127.0.0.1:7443").value());
  EXPECT_EQ((Address{"::1", 65535}), parse_address("[::1]:65535").value());
}

TEST(FabricSettings, SayWhatAnAddressLooksLike) {
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", ":7443", "::1:7443"}) {
    const auto parsed = parse_address(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ("expected IP:PORT, for example 0.0.0.0:7443", parsed.error());
  }
}

}  // namespace
}  // namespace rap::fabric
