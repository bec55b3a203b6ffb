#include "policy/protocols.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace rap::policy {
namespace {

TEST(Protocols, AreFoundByTheirNamesAndByNothingElse) {
  for (const ProtocolKind& kind : protocol_kinds()) {
    EXPECT_EQ(protocol_from(kind.name), kind.protocol);
    EXPECT_EQ(to_string(kind.protocol), kind.name);
    EXPECT_EQ(&kind_of(kind.protocol), &kind);
  }
  EXPECT_EQ(protocol_from("SSH"), std::nullopt);
  EXPECT_EQ(protocol_from(""), std::nullopt);
}

TEST(Protocols, AreNamedInTheOrderOfTheTable) {
  const auto names = protocol_names();
  ASSERT_EQ(names.size(), 2U);
  EXPECT_EQ(names[0], "ssh");
  EXPECT_EQ(names[1], "tcp");
}

TEST(Protocols, CarryTheClassesOfFlowsThatTheirClientsUse) {
  const wire::TrafficClassSet stream = {wire::TrafficClass::input,
                                        wire::TrafficClass::file_transfer};
  EXPECT_EQ(kind_of(Protocol::ssh).classes, stream);
  EXPECT_EQ(kind_of(Protocol::tcp).classes, stream);
}

TEST(Protocols, SayWhichSettingsTheyTake) {
  EXPECT_TRUE(kind_of(Protocol::ssh).takes(ResourceSetting::ssh_host_key));
  EXPECT_FALSE(kind_of(Protocol::tcp).takes(ResourceSetting::ssh_host_key));
  for (const ProtocolKind& kind : protocol_kinds()) {
    EXPECT_TRUE(kind.takes(ResourceSetting::host)) << kind.name;
    EXPECT_TRUE(kind.takes(ResourceSetting::port)) << kind.name;
  }
}

TEST(Protocols, FindTheirSettingsByNumberAndNameEachOnce) {
  ASSERT_EQ(setting_kinds().size(), kResourceSettingCount);
  for (const SettingKind& a : setting_kinds()) {
    EXPECT_EQ(&kind_of(a.setting), &a);
    for (const SettingKind& b : setting_kinds()) EXPECT_EQ(a.name == b.name, &a == &b);
  }
}

TEST(Protocols, SayWhatIsWrongWithTheSettingsOfAResource) {
  using enum ResourceSetting;
  const auto fault = [](Protocol protocol, std::vector<ResourceSetting> given) {
    return find_setting_fault(protocol, given).value_or("");
  };
  EXPECT_EQ(fault(Protocol::ssh, {host, port}), "");
  EXPECT_EQ(fault(Protocol::ssh, {ssh_host_key, port, host}), "");
  EXPECT_EQ(fault(Protocol::tcp, {host, port, ssh_host_key}),
            "'ssh_host_key' is for resources of protocol ssh.");
  EXPECT_EQ(fault(Protocol::tcp, {host}), "'port' is needed for a resource of protocol tcp.");
  EXPECT_EQ(fault(Protocol::ssh, {port}), "'host' is needed for a resource of protocol ssh.");
  EXPECT_TRUE(is_required_by_all(host));
  EXPECT_FALSE(is_required_by_all(ssh_host_key));
}

TEST(Protocols, HaveAUsualPortOnlyWhereThereIsOne) {
  EXPECT_EQ(kind_of(Protocol::ssh).usual_port, 22);
  EXPECT_EQ(kind_of(Protocol::tcp).usual_port, 0);
}

}  // namespace
}  // namespace rap::policy
