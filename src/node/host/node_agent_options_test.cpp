#include "node/host/node_agent_options.hpp"

#include <gtest/gtest.h>

namespace rap::host {
namespace {

// The options of an agent that starts its rap-fabric itself.
NodeAgentOptions starting() {
  NodeAgentOptions o;
  o.state = "/state";
  o.data_plane_listen = o.data_plane_advertise = "192.0.2.1:7443";
  o.fabric_listen = o.fabric_advertise = "192.0.2.1:7444";
  o.fabric_bin = "/usr/bin/rap-fabric";
  return o;
}

// The options of one whose rap-fabric runs as another user.
NodeAgentOptions visited() {
  NodeAgentOptions o;
  o.state = "/state";
  o.data_plane_advertise = "192.0.2.1:7443";
  o.fabric_advertise = "192.0.2.1:7444";
  o.fabric_socket = "/run/rap/agent.sock";
  o.fabric_user = "rap-fabric";
  return o;
}

using Options = NodeAgentOptions;
using Text = std::string Options::*;
using Path = std::filesystem::path Options::*;

template <class Member>
std::string without(Options options, Member member) {
  (options.*member).clear();
  return usage_error(options);
}
template <class Member>
std::string with(Options options, Member member) {
  options.*member = "x";
  return usage_error(options);
}

TEST(NodeAgentOptions, AreWholeForBothKindsOfRapFabric) {
  EXPECT_EQ("", usage_error(starting()));
  EXPECT_EQ("", usage_error(visited()));
}

TEST(NodeAgentOptions, TakeACertificateOfAPublicAuthorityWithItsKeyOnly) {
  for (auto whole : {starting(), visited()}) {
    const auto text = "--data-plane-certificate and --data-plane-key go together";
    EXPECT_EQ(text, with(whole, &Options::data_plane_certificate));
    EXPECT_EQ(text, with(whole, &Options::data_plane_key));
    whole.data_plane_certificate = whole.data_plane_key = "/etc/x.pem";
    EXPECT_EQ("", usage_error(whole));
  }
}

TEST(NodeAgentOptions, NameTheOneThatIsMissing) {
  for (const auto& whole : {starting(), visited()}) {
    EXPECT_EQ("--state is required", without(whole, &Options::state));
    EXPECT_EQ("--data-plane-advertise is required", without(whole, &Options::data_plane_advertise));
    EXPECT_EQ("--fabric-advertise is required", without(whole, &Options::fabric_advertise));
  }
  EXPECT_EQ("--data-plane-listen is required", without(starting(), &Options::data_plane_listen));
  EXPECT_EQ("--fabric-listen is required", without(starting(), &Options::fabric_listen));
  EXPECT_EQ("--fabric-bin is required", without(starting(), &Options::fabric_bin));
  EXPECT_EQ("--fabric-socket is required", without(visited(), &Options::fabric_socket));
  EXPECT_EQ("--fabric-user is required", without(visited(), &Options::fabric_user));
}

TEST(NodeAgentOptions, LeaveToARapFabricOfAnotherUserWhatIsItsOwn) {
  const std::string its_own = " is for rap-fabric itself where it runs as another user";
  for (const auto& [name, member] :
       {std::pair<std::string, Text>{"--data-plane-listen", &Options::data_plane_listen},
        {"--fabric-listen", &Options::fabric_listen},
        {"--metrics-listen", &Options::metrics_listen}}) {
    EXPECT_EQ(name + its_own, with(visited(), member));
  }
  EXPECT_EQ("--fabric-bin" + its_own, with(visited(), Path{&Options::fabric_bin}));
  EXPECT_EQ("", with(visited(), &Options::agent_metrics_listen)) << "the agent's own";
}

TEST(NodeAgentOptions, TakeTheJoinTokenOnce) {
  EXPECT_EQ("", with(starting(), &Options::join_token));
  Options both = starting();
  both.join_token = "rapjt1.x";
  EXPECT_EQ("--join-token and --join-token-file exclude each other",
            with(both, &Options::join_token_file));
}

}  // namespace
}  // namespace rap::host
