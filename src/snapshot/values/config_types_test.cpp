#include "snapshot/values/config_types.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/seeded_random.hpp"
#include "crypto/x509/ca.hpp"
#include "snapshot/trust_bundle.hpp"
#include "snapshot/values/channel_policy.hpp"
#include "snapshot/values/node_names.hpp"
#include "snapshot/values/target_ranges.hpp"

namespace rap::snapshot {
namespace {

using wire::JsonValue;

using namespace std::chrono_literals;

std::string fault_of(std::string_view type, const std::string& json) {
  return find_value_fault(*find_config_type(type), json).value_or("");
}

TEST(ConfigTypes, AreRegisteredWithAllThatIsToBeKnownOfThem) {
  std::set<std::string_view> names;
  for (const ConfigType& type : config_types()) {
    names.insert(type.name);
    EXPECT_FALSE(type.layers.empty()) << type.name;
    EXPECT_LE(type.max_bytes, kMaxConfigValue) << type.name;
    EXPECT_EQ(find_config_type(type.name), &type);
  }
  EXPECT_EQ(names, (std::set{kServerRuntimeSettings, kAppPolicy, kAppVariables, kAppClientCaBundle,
                             kAppMtlsTrustBundle, kAgentRuntime, kEgressTargetRanges, kNodeNames,
                             kChannelPolicy}));
  EXPECT_EQ(find_config_type("node_config"), nullptr) << "made by rap-control, not set by people";
}

TEST(ConfigTypes, NameTheMemberThatIsWrong) {
  EXPECT_EQ(fault_of(kServerRuntimeSettings, "[]"),
            "the value must be a JSON object without duplicates");
  EXPECT_EQ(fault_of(kServerRuntimeSettings, R"({"max_clients":1,"max_clients":2})"),
            "the value must be a JSON object without duplicates");
  EXPECT_EQ(fault_of(kServerRuntimeSettings, R"({"max_klients":1})"),
            "member \"max_klients\" is unknown");
  EXPECT_EQ(fault_of(kServerRuntimeSettings, R"({"max_clients":4097})"),
            "member \"max_clients\" must be a whole number from 1 to 4096");
  EXPECT_EQ(fault_of(kServerRuntimeSettings, R"({"max_clients":1.5})"),
            "member \"max_clients\" must be a whole number from 1 to 4096");
  EXPECT_EQ(fault_of(kServerRuntimeSettings, R"({"max_clients":18446744073709551615})"),
            "member \"max_clients\" must be a whole number from 1 to 4096");
  EXPECT_EQ(fault_of(kServerRuntimeSettings, R"({"max_clients":4096,"client_idle_s":1})"), "");
  EXPECT_EQ(fault_of(kAgentRuntime, R"({"checkin_interval_ms":499})"),
            "member \"checkin_interval_ms\" must be a whole number from 500 to 300000");
  EXPECT_EQ(fault_of(kAppPolicy, R"({"protocols":["ssh","ssh"]})"),
            "member \"protocols\" must be a list of different protocols (ssh, tcp)");
  EXPECT_EQ(fault_of(kAppPolicy, R"({"classes":["input","wire"]})"),
            "member \"classes\" must be a list of different traffic classes");
  EXPECT_EQ(fault_of(kAppPolicy, R"({"protocols":["ssh"],"classes":["input"],"max_session_s":60,)"
                                 R"("flow_hold_s":0})"),
            "");
  EXPECT_EQ(fault_of(kAppPolicy, R"({"flow_hold_s":3600})"), "");
  for (const char* wrong : {"3601", "-1", "1.5", "\"60\"", "null"}) {
    EXPECT_EQ(fault_of(kAppPolicy, std::string(R"({"flow_hold_s":)") + wrong + "}"),
              "member \"flow_hold_s\" must be a whole number from 0 to 3600");
  }
  EXPECT_EQ(fault_of(kAppVariables, R"({"A B":"x"})"),
            "member \"A B\" must be named with up to 64 letters, digits, '_', '.' and '-'");
  EXPECT_EQ(fault_of(kAppVariables, R"({"A":1})"),
            "member \"A\" must be a string of at most 1024 bytes");
}

TEST(ConfigTypes, BoundTheSizeOfAValue) {
  const auto padded = [](std::size_t n) { return "{" + std::string(n - 2, ' ') + "}"; };
  EXPECT_EQ(fault_of(kAppPolicy, padded(4096)), "");
  EXPECT_EQ(fault_of(kAppPolicy, padded(4097)), "the value must have 4096 bytes at most");
}

TEST(ConfigTypes, TakeBundlesOfAuthoritiesOnly) {
  SeededRandom rng(1);
  const auto now = from_unix(1'800'000'000);
  const ClusterId cluster = ClusterId::random(rng);
  const auto root = crypto::make_root(cluster, {now, now + 24h}, rng);
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names;
  names.dns = {"node.test"};
  names.uris = {"spiffe://rap/cluster/" + cluster.str() + "/node/" + NodeId::random(rng).str()};
  const auto intermediate = crypto::make_intermediate(root, cluster, {now, now + 24h}, rng);
  const auto leaf = crypto::issue_leaf(intermediate, key.public_key(), names, {now, now + 1h}, rng);
  const auto quoted = [](const std::string& pem) {
    std::string out;
    for (const char c : pem) out += c == '\n' ? std::string("\\n") : std::string(1, c);
    return R"({"pem":")" + out + "\"}";
  };
  for (const std::string_view type : {kAppClientCaBundle, kAppMtlsTrustBundle}) {
    EXPECT_EQ(fault_of(type, quoted(root.certificate.pem() + intermediate.certificate.pem())), "");
    EXPECT_EQ(fault_of(type, quoted(root.certificate.pem() + leaf.pem())),
              "member \"pem\" must hold certificates of authorities only; number 2 is none");
    EXPECT_EQ(fault_of(type, R"({"pem":"x"})"),
              "member \"pem\" must be 1 to 32 certificates in PEM");
    EXPECT_EQ(fault_of(type, "{}"), "member \"pem\" is missing");
  }
}

TEST(ConfigTypes, NarrowerValuesOverrideWiderOnesMemberByMember) {
  EXPECT_EQ(runtime_settings_from({}), RuntimeSettings{});
  const auto settings =
      runtime_settings_from({JsonValue::of(R"({"max_clients":10,"flows_per_client":5})"),
                             JsonValue::of(R"({"flows_per_client":7,"handshake_ms":900})")});
  EXPECT_EQ(settings.max_clients, 10U);
  EXPECT_EQ(settings.flows_per_client, 7U);
  EXPECT_EQ(settings.handshake, 900ms);
  EXPECT_EQ(settings.client_idle, RuntimeSettings{}.client_idle);
  EXPECT_EQ(agent_runtime_from({JsonValue::of(R"({"checkin_interval_ms":2000})")}).checkin_interval,
            2s);
  EXPECT_FALSE(agent_runtime_from({}).checkin_interval);
}

TEST(ConfigTypes, APolicyAllowsWhatItDoesNotMention) {
  const AppPolicy open = app_policy_from({JsonValue::of("{}")});
  EXPECT_TRUE(open.allows_protocol(policy::Protocol::tcp));
  EXPECT_EQ(open.classes, wire::TrafficClassSet::all());
  EXPECT_FALSE(open.max_session);
  EXPECT_EQ(open.flow_hold, 5min);
  const AppPolicy narrow = app_policy_from(
      {JsonValue::of(R"({"protocols":["ssh"],"classes":["input"],"max_session_s":3600,)"
                     R"("flow_hold_s":0})")});
  EXPECT_TRUE(narrow.allows_protocol(policy::Protocol::ssh));
  EXPECT_FALSE(narrow.allows_protocol(policy::Protocol::tcp));
  EXPECT_EQ(narrow.classes, wire::TrafficClassSet{wire::TrafficClass::input});
  EXPECT_EQ(narrow.max_session, 3600s);
  EXPECT_EQ(narrow.flow_hold, 0s);
}

}  // namespace
}  // namespace rap::snapshot
