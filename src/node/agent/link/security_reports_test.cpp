#include "node/agent/link/pulls/security_reports.hpp"

#include "node/agent/link/test_control_link.hpp"

namespace rap::agent {
namespace {

wire::SecurityEvents events_of(char run, std::vector<std::uint64_t> numbers) {
  wire::SecurityEvents out{std::string(wire::kSecurityRunBytes, run), {}};
  for (const std::uint64_t seq : numbers) {
    out.events.push_back({.seq = seq, .kind = wire::SecurityEventKind::token_forged});
  }
  return out;
}

class SecurityReportsTest : public ControlLinkWorld {
 protected:
  void fabric_tells(const wire::SecurityEvents& events) {
    step(FabricSaid{wire::encode_to_agent(events)});
  }
  std::vector<std::uint64_t> numbers_sent() {
    while (!sent(ControlCall::checkin)) wake();
    std::vector<std::uint64_t> out;
    const json body = *sent(ControlCall::checkin);
    if (!body.contains("security_events")) return out;
    for (const json& event : body["security_events"]["events"]) out.push_back(event["seq"]);
    return out;
  }
  void taken(char run, std::uint64_t seq) {
    answer(ControlCall::checkin,
           {{"config_version", 0},
            {"commands_seq", 0},
            {"security_events_taken",
             {{"run", std::string(wire::kSecurityRunBytes, run)}, {"seq", seq}}}});
  }
  std::vector<std::uint64_t> told_fabric() {
    std::vector<std::uint64_t> out;
    for (const json& message : security_messages()) {
      if (message["type"] == "security_events_taken") out.push_back(message["seq"]);
    }
    return out;
  }
  using Numbers = std::vector<std::uint64_t>;
};

TEST_F(SecurityReportsTest, GoWithEveryCheckInUntilTheyAreTaken) {
  step(FabricConnected{});
  check_in(0, 0);
  fabric_tells(events_of('a', {1, 2}));
  EXPECT_EQ(numbers_sent(), Numbers({1, 2}));
  fail(ControlCall::checkin);
  EXPECT_EQ(numbers_sent(), Numbers({1, 2})) << "nobody knows whether it came";
  fabric_tells(events_of('a', {1, 2, 3}));
  taken('a', 2);
  EXPECT_EQ(told_fabric(), Numbers{2});
  EXPECT_EQ(numbers_sent(), Numbers{3});
  taken('a', 3);
  EXPECT_EQ(numbers_sent(), Numbers{});
}

TEST_F(SecurityReportsTest, AreSaidAgainToAnAgentThatStartsAnew) {
  step(FabricConnected{});
  fabric_tells(events_of('a', {1}));
  restart();
  EXPECT_EQ(numbers_sent(), Numbers{});
  check_in(0, 0);
  step(FabricConnected{});
  fabric_tells(events_of('a', {1}));
  EXPECT_EQ(numbers_sent(), Numbers{1});
}

TEST_F(SecurityReportsTest, OfAFabricThatDiedAreCarriedOnBeforeThoseOfTheNext) {
  step(FabricConnected{});
  check_in(0, 0);
  fabric_tells(events_of('a', {4}));
  step(FabricDisconnected{});
  step(FabricConnected{});
  fabric_tells(events_of('b', {1}));
  EXPECT_EQ(numbers_sent(), Numbers{4});
  taken('a', 4);
  EXPECT_EQ(numbers_sent(), Numbers{1});
}

TEST_F(SecurityReportsTest, OfAFabricThatDiesAgainAndAgainAreBoundedAndTheLossIsSaid) {
  for (char run = 'a'; run < 'a' + 5; ++run) fabric_tells(events_of(run, {1}));
  EXPECT_THAT(said_, testing::Contains(HasSubstr("1 high-risk events are in its log alone")));
  EXPECT_EQ(numbers_sent(), Numbers{1});
  taken('b', 1);
  EXPECT_EQ(numbers_sent(), Numbers{1});
  EXPECT_THAT(sent(ControlCall::checkin)->at("security_events")["run"].get<std::string>(),
              testing::StartsWith("c"));
}

}  // namespace
}  // namespace rap::agent
