#include "dialling/happy_eyeballs.hpp"

#include <gtest/gtest.h>

namespace rap::dialling {
namespace {

using namespace std::chrono_literals;
using policy::IpAddress;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }
Action attempt(std::string_view text) { return Attempt{ip(text)}; }
Action give_up(DialFailure outcome) { return GiveUp{outcome}; }
using Actions = std::vector<Action>;

class Dialling : public ::testing::Test {
 protected:
  HappyEyeballs eyes{5s};
  MonoTime now{1h};

  Actions step(const Event& event) { return eyes.step(now, event); }
  Actions found(std::initializer_list<std::string_view> addresses, bool more = false) {
    Found found{.more = more};
    for (const auto address : addresses) found.addresses.push_back(ip(address));
    return step(found);
  }
  Actions failed(std::string_view address, DialFailure how = DialFailure::unreachable) {
    return step(Failed{ip(address), how});
  }
  // What the next time that something is due brings; nothing: nothing is due.
  Actions wake_up() {
    const auto at = eyes.next_wakeup();
    if (!at) return {};
    now = std::max(now, *at);
    return step(TimePassed{});
  }
};

TEST_F(Dialling, TriesTheFirstAddressAtOnceAndKeepsWhatConnects) {
  EXPECT_EQ(found({"192.0.2.1", "192.0.2.2"}), Actions{attempt("192.0.2.1")});
  EXPECT_EQ(step(Succeeded{ip("192.0.2.1")}), Actions{Keep{ip("192.0.2.1")}});
  EXPECT_EQ(eyes.next_wakeup(), std::nullopt);
}

TEST_F(Dialling, TriesTheNextAQuarterOfASecondAfterOneThatIsSilent) {
  const MonoTime start = now;
  found({"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  EXPECT_EQ(step(TimePassed{}), Actions{}) << "it is not due yet";
  EXPECT_EQ(wake_up(), Actions{attempt("192.0.2.2")});
  EXPECT_EQ(now - start, 250ms);
  EXPECT_EQ(wake_up(), Actions{attempt("192.0.2.3")});
  EXPECT_EQ(now - start, 500ms);
  EXPECT_EQ(step(Succeeded{ip("192.0.2.2")}), Actions{Keep{ip("192.0.2.2")}});
}

TEST_F(Dialling, TriesTheNextAtOnceAfterOneThatFailed) {
  found({"192.0.2.1", "192.0.2.2"});
  now += 3ms;
  EXPECT_EQ(failed("192.0.2.1"), Actions{attempt("192.0.2.2")});
  EXPECT_EQ(failed("192.0.2.2"), Actions{give_up(DialFailure::unreachable)});
}

TEST_F(Dialling, LetsTheFamiliesTakeTurnsFromTheFirstAddressOn) {
  EXPECT_EQ(found({"2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"}),
            Actions{attempt("2001:db8::1")});
  EXPECT_EQ(wake_up(), Actions{attempt("192.0.2.1")});
  EXPECT_EQ(wake_up(), Actions{attempt("2001:db8::2")});
  EXPECT_EQ(wake_up(), Actions{attempt("192.0.2.2")});
  HappyEyeballs other{5s};
  EXPECT_EQ(other.step(now, Found{.addresses = {ip("192.0.2.1"), ip("2001:db8::1")}}),
            Actions{attempt("192.0.2.1")});
}

TEST_F(Dialling, HoldsIpv4BackForAMomentWhileIpv6IsLookedUp) {
  const MonoTime start = now;
  EXPECT_EQ(found({"192.0.2.1"}, true), Actions{});
  EXPECT_EQ(wake_up(), Actions{attempt("192.0.2.1")});
  EXPECT_EQ(now - start, 50ms);
  EXPECT_EQ(found({"2001:db8::1"}), Actions{}) << "its turn comes after the delay";
  EXPECT_EQ(wake_up(), Actions{attempt("2001:db8::1")});
  EXPECT_EQ(now - start, 300ms);
}

TEST_F(Dialling, PrefersIpv6ThatComesInTimeAndNeverWaitsForIpv4) {
  found({"192.0.2.1"}, true);
  now += 49ms;
  EXPECT_EQ(found({"2001:db8::1"}), Actions{attempt("2001:db8::1")});
  HappyEyeballs other{5s};
  EXPECT_EQ(other.step(now, Found{.addresses = {ip("2001:db8::1")}, .more = true}),
            Actions{attempt("2001:db8::1")});
}

TEST_F(Dialling, DoesNotHoldIpv4BackWhenThereIsNoIpv6) {
  EXPECT_EQ(found({}, true), Actions{});
  EXPECT_EQ(found({"192.0.2.1"}), Actions{attempt("192.0.2.1")});
}

TEST_F(Dialling, WaitsForTheRestOfTheLookUpBeforeItGivesUp) {
  found({"2001:db8::1"}, true);
  EXPECT_EQ(failed("2001:db8::1"), Actions{});
  EXPECT_EQ(found({"192.0.2.1"}), Actions{attempt("192.0.2.1")});
}

TEST_F(Dialling, EndsAtItsLimitHoweverManyAddressesAreLeft) {
  const MonoTime start = now;
  found({"192.0.2.1", "192.0.2.2"});
  wake_up();
  now = start + 5s - 1ns;
  EXPECT_EQ(step(TimePassed{}), Actions{});
  EXPECT_EQ(wake_up(), Actions{give_up(DialFailure::timeout)});
  EXPECT_EQ(now - start, 5s);
  EXPECT_EQ(step(Succeeded{ip("192.0.2.1")}), Actions{}) << "it is over";
}

TEST_F(Dialling, SaysThatSomebodyRefusedWhenSomebodyDid) {
  found({"192.0.2.1", "192.0.2.2"});
  failed("192.0.2.1", DialFailure::refused);
  EXPECT_EQ(failed("192.0.2.2"), Actions{give_up(DialFailure::refused)});
}

TEST_F(Dialling, SaysThatSomebodyBrokeItOffRatherThanThatNobodyWasThere) {
  found({"192.0.2.1", "192.0.2.2", "192.0.2.3"});
  failed("192.0.2.1", DialFailure::reset);
  failed("192.0.2.2", DialFailure::refused);
  EXPECT_EQ(failed("192.0.2.3"), Actions{give_up(DialFailure::reset)});
}

TEST_F(Dialling, SaysWhyThereWasNothingToTry) {
  const auto outcome = [&](const Found& found) { return HappyEyeballs{5s}.step(now, found); };
  EXPECT_EQ(outcome({}), Actions{give_up(DialFailure::no_address)});
  EXPECT_EQ(outcome({.denied = true}), Actions{give_up(DialFailure::denied)});
  EXPECT_EQ(outcome({.unanswered = true}), Actions{give_up(DialFailure::unanswered)});
}

TEST_F(Dialling, TriesEachAddressOnceAndEightAtMost) {
  std::vector<IpAddress> addresses;
  for (std::size_t i = 0; i <= kMaxAddresses; ++i) {
    addresses.insert(addresses.end(), 2, ip("192.0.2." + std::to_string(i)));
  }
  std::size_t attempts = step(Found{.addresses = addresses}).size();
  for (std::size_t i = 1; i < kMaxAddresses; ++i) attempts += wake_up().size();
  EXPECT_EQ(attempts, kMaxAddresses);
  EXPECT_EQ(wake_up(), Actions{give_up(DialFailure::timeout)});
}

}  // namespace
}  // namespace rap::dialling
