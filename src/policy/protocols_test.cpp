#include "policy/protocols.hpp"

#include <gtest/gtest.h>

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

TEST(Protocols, HaveAUsualPortOnlyWhereThereIsOne) {
  EXPECT_EQ(kind_of(Protocol::ssh).usual_port, 22);
  EXPECT_EQ(kind_of(Protocol::tcp).usual_port, 0);
}

}  // namespace
}  // namespace rap::policy
