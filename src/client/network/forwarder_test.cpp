// `rap forward` between real local connections, a control plane and entries of the test's own.
#include "client/network/forwarder.hpp"

#include <gmock/gmock.h>

#include <system_error>

#include "client/network/test_forwarder.hpp"

namespace rap::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using wire::FallbackCause;

TEST_F(ForwarderTest, AConnectionThatEndsItsHalfStillGetsTheOther) {
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("ping"));
  finish(person);
  EXPECT_EQ(read_all(person), "ping");
  until([&] { return egress_.flows() == 0; });
  stop();
  EXPECT_EQ(entry().tokens, std::vector<std::string>{"first"}) << "the session's own attachment";
  EXPECT_EQ(attachments_, 0);
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AResourceThatEndsItsHalfStillGetsTheOther) {
  egress_.manner = Manner::greets;
  start();
  RawConnection person(port_);
  EXPECT_EQ(read_all(person), TestEgress::kGreeting)
      << "the end of the resource's half is passed on";
  ASSERT_TRUE(person.send("later"));
  finish(person);
  until([&] { return egress_.got == "later" && egress_.flows() == 0; });
  stop();
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, MoreThanAWindowArrivesWholeAndInOrder) {
  constexpr std::size_t kBytes = std::size_t{10} * 1024 * 1024;
  std::string sent(kBytes, '\0');
  for (std::size_t i = 0; i < kBytes; ++i) sent[i] = static_cast<char>((i * 2654435761U) >> 24);
  start();
  RawConnection person(port_);
  std::jthread writer([&] {
    EXPECT_TRUE(person.send(sent));
    finish(person);
  });
  const std::string got = read_all(person);
  writer.join();
  EXPECT_EQ(got.size(), kBytes);
  EXPECT_TRUE(got == sent);
}

TEST_F(ForwarderTest, APersonWhoGoesAwayEndsTheirFlowAndNoOther) {
  start();
  RawConnection stays(port_);
  {
    RawConnection leaves(port_);
    until([&] { return egress_.flows() == 2; });
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(leaves.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  until([&] { return egress_.flows() == 1; });
  ASSERT_TRUE(stays.send("still here"));
  finish(stays);
  EXPECT_EQ(read_all(stays), "still here");
  until([&] { return egress_.endings.size() == 2; });
  stop();
  EXPECT_EQ(egress_.endings, (std::vector<wire::FlowEnding>{FlowReason::peer_lost, std::nullopt}));
}

TEST_F(ForwarderTest, ARefusedFlowSaysItsReasonAndResetsTheConnection) {
  entry().refusal = [](const std::string&) { return FlowReason::target_refused; };
  start();
  RawConnection person(port_);
  EXPECT_TRUE(is_reset(person)) << "nobody takes it for an orderly end";
  stop();
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("office: not connected"), HasSubstr("target_refused")));
  EXPECT_EQ(entry().tokens.size(), 1U) << "another entry would do no better";
}

TEST_F(ForwarderTest, AFlowThatBreaksResetsItsConnection) {
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("x"));
  ASSERT_TRUE(person.receive());
  on_loop([&] { egress_.end_flows(FlowReason::session_ended); });
  EXPECT_TRUE(is_reset(person));
  stop();
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("office: disconnected"), HasSubstr("session_ended")));
}

TEST_F(ForwarderTest, AFlowThatLosesItsEntryGoesOn) {
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("one "));
  ASSERT_TRUE(person.receive());
  on_loop([&] { entry().hang_up(); });
  ASSERT_TRUE(person.send("two"));
  finish(person);
  EXPECT_EQ(read_all(person), "one two");
  stop();
  EXPECT_EQ(egress_.resumed, 1U);
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AnEntryThatIsNotReadyIsTriedAgainWhileTheConnectionWaits) {
  entry().refusal = [](const std::string& token) {
    return token == "first" ? std::optional(FlowReason::not_ready) : std::nullopt;
  };
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("patience"));
  finish(person);
  EXPECT_EQ(read_all(person), "patience");
  stop();
  EXPECT_EQ(entry().tokens, (std::vector<std::string>{"first", "token-1"})) << "a token of its own";
}

TEST_F(ForwarderTest, AControlPlaneThatIsAwayIsAskedAgain) {
  first_.token_expires_at = to_unix(io::wall_now());
  away_ = 1;
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("patience"));
  finish(person);
  EXPECT_EQ(read_all(person), "patience");
  stop();
  EXPECT_EQ(attachments_, 2);
  EXPECT_EQ(entry().tokens, std::vector<std::string>{"token-2"}) << "an old token is not used";
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, ARefusalOfTheControlPlaneIsSaidAndNotRepeated) {
  first_.token_expires_at = to_unix(io::wall_now());
  refuses_ = true;
  start();
  RawConnection person(port_);
  EXPECT_TRUE(is_reset(person));
  stop();
  EXPECT_EQ(attachments_, 1);
  EXPECT_THAT(err_.str(), HasSubstr("office: Not today."));
}

TEST_F(ForwarderTest, AnEntryThatIsNotBelievedIsPassedOverWithItsCause) {
  entries_.clear();
  TestEntry& unstapled = add_entry(platform_.worker({.stapled = false}));
  TestEntry& misnamed = add_entry(platform_.worker({.host = "entry.example"}));
  TestEntry& good = add_entry(platform_.worker());
  start();
  RawConnection person(port_);
  ASSERT_TRUE(person.send("ping"));
  finish(person);
  EXPECT_EQ(read_all(person), "ping");
  stop();
  EXPECT_TRUE(unstapled.tokens.empty());
  EXPECT_TRUE(misnamed.tokens.empty());
  EXPECT_EQ(good.tokens.size(), 1U);
  const auto passed_over = fallbacks_.take();
  ASSERT_EQ(passed_over.size(), 2U);
  EXPECT_EQ(passed_over[0].entry, "127.0.0.1:" + std::to_string(unstapled.port()));
  EXPECT_EQ(passed_over[0].cause, FallbackCause::status_not_good);
  EXPECT_EQ(passed_over[1].cause, FallbackCause::hostname_mismatch);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("status_not_good"), HasSubstr("hostname_mismatch")));
}

TEST_F(ForwarderTest, AnEntryThatRefusesForNowIsPassedOverForTheNext) {
  TestEntry& second = add_entry(platform_.worker());
  entry().refusal = [](const std::string&) { return FlowReason::limit_reached; };
  start();
  RawConnection person(port_);
  finish(person);
  EXPECT_EQ(read_all(person), "");
  stop();
  EXPECT_EQ(second.tokens.size(), 1U);
  const auto passed_over = fallbacks_.take();
  ASSERT_EQ(passed_over.size(), 1U);
  EXPECT_EQ(passed_over[0].cause, FallbackCause::not_ready);
}

TEST_F(ForwarderTest, AnotherSignInHealsItAndThatOneIsNeededIsSaidOnce) {
  first_.token_expires_at = to_unix(io::wall_now());
  start();
  on_loop([&] { expires_at_ = 0; });
  for (int i = 0; i < 3; ++i) {
    RawConnection person(port_);
    EXPECT_TRUE(is_reset(person));
  }
  on_loop([&] {
    bearer_ = "rapst_y";
    expires_at_ = to_unix(io::wall_now()) + 12 * 3600;
  });
  RawConnection person(port_);
  ASSERT_TRUE(person.send("here again"));
  finish(person);
  EXPECT_EQ(read_all(person), "here again");
  stop();
  EXPECT_EQ(err_.str(), "office: Run 'rap login'.\n");
}

TEST_F(ForwarderTest, ASignInThatExpiresSoonIsSaidBefore) {
  expires_at_ = to_unix(io::wall_now()) + 30;
  start();
  until([&] { return !err_.str().empty(); });
  stop();
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("office: Your sign-in expires at"), HasSubstr("rap login")));
}

TEST_F(ForwarderTest, ASessionThatIsOverIsFollowedByOneForAllWhoWait) {
  first_.token_expires_at = to_unix(io::wall_now());
  alive_ = "";
  start();
  std::vector<std::unique_ptr<RawConnection>> people;
  for (int i = 0; i < 5; ++i) people.push_back(std::make_unique<RawConnection>(port_));
  for (const auto& person : people) {
    ASSERT_TRUE(person->send("x"));
    finish(*person);
    EXPECT_EQ(read_all(*person), "x");
  }
  stop();
  EXPECT_EQ(sessions_, 2) << "one more than there was";
  EXPECT_EQ(session_id_, "s-2");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AnEntryThatTakesNoMoreOnOneLinkGetsAnother) {
  constexpr std::size_t kOnOneLink = 3;
  constexpr int kConnections = 10;
  first_.token_expires_at = to_unix(io::wall_now());
  entry().flows_per_client = kOnOneLink;
  start();
  std::vector<std::unique_ptr<RawConnection>> people;
  for (int i = 0; i < kConnections; ++i) {
    people.push_back(std::make_unique<RawConnection>(port_));
    ASSERT_TRUE(people.back()->send("x"));
    ASSERT_TRUE(people.back()->receive()) << i;
  }
  stop();
  EXPECT_EQ(entry().clients, 4U);
  EXPECT_EQ(fallbacks_.take().size(), 0U) << "the entry is as good as it was";
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, WhoComesWhenAllPlacesAreTakenWaitsForOne) {
  start();
  on_loop([&] { forwarder_->limit_connections(2); });
  RawConnection first(port_);
  auto second = std::make_unique<RawConnection>(port_);
  RawConnection third(port_);
  ASSERT_TRUE(third.send("patience"));
  finish(third);
  until([&] { return egress_.flows() == 2; });
  second.reset();
  EXPECT_EQ(read_all(third), "patience");
  stop();
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, AnAddressThatIsTakenIsNamed) {
  start();
  Forwarder second(loop_, *this, signed_in(), first_, wire::TrafficClass::input,
                   {err_, {keys_, rng_, fallbacks_, distances_}});
  try {
    second.listen({"127.0.0.1", port_});
    FAIL() << "two listeners on one port";
  } catch (const std::system_error& e) {
    EXPECT_THAT(e.what(), HasSubstr(std::to_string(port_)));
  }
}

}  // namespace
}  // namespace rap::client
