#include "node/fabric/settings.hpp"

#include <gtest/gtest.h>

#include <utility>

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

GivenSettings given() {
  return {.state = "/state",
          .data_plane_listen = "192.0.2.1:7443",
          .fabric_listen = "[2001:db8::1]:7444",
          .metrics_listen = {},
          .agent_socket = {},
          .agent_user = {},
          .log_file = {}};
}

TEST(FabricSettings, AreWhatTheCommandLineSays) {
  const auto settings = settings_of(given());
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_EQ("/state", settings->state);
  EXPECT_EQ((Address{"192.0.2.1", 7443}), settings->data_plane);
  EXPECT_EQ((Address{"2001:db8::1", 7444}), settings->fabric);
  EXPECT_EQ(std::nullopt, settings->metrics) << "nobody asked for it";
  EXPECT_EQ(std::nullopt, settings->agent_user) << "our own";

  GivenSettings more = given();
  more.metrics_listen = "127.0.0.1:9100";
  more.agent_socket = "/run/agent.sock";
  more.agent_user = "0";
  const auto all = settings_of(more);
  ASSERT_TRUE(all) << all.error();
  EXPECT_EQ((Address{"127.0.0.1", 9100}), all->metrics);
  EXPECT_EQ("/run/agent.sock", all->agent_socket);
  EXPECT_EQ(uid_t{0}, all->agent_user);
}

TEST(FabricSettings, NameTheOptionThatIsWrong) {
  const std::pair<const char*, std::string GivenSettings::*> options[] = {
      {"--data-plane-listen", &GivenSettings::data_plane_listen},
      {"--fabric-listen", &GivenSettings::fabric_listen},
      {"--metrics-listen", &GivenSettings::metrics_listen},
      {"--agent-user", &GivenSettings::agent_user}};
  for (const auto& [name, member] : options) {
    GivenSettings wrong = given();
    wrong.*member = "no such one:";
    const auto settings = settings_of(wrong);
    ASSERT_FALSE(settings) << name;
    EXPECT_TRUE(settings.error().starts_with(std::string(name) + ": ")) << settings.error();
  }
}

}  // namespace
}  // namespace rap::fabric
