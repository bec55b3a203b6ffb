#include "client/flows/entry_distances.hpp"

#include <gtest/gtest.h>

namespace rap::client {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::seconds{1'800'000'000}};

std::vector<Candidate> candidates(const std::vector<std::string>& hosts) {
  std::vector<Candidate> out;
  for (const std::string& host : hosts) {
    out.push_back({wire::parse_url("wss://" + host + "/x", "wss", 443).value(), {}, {}, {}});
  }
  return out;
}

std::vector<std::string> sorted(const EntryDistances& distances, WallTime now = kNow) {
  auto all = candidates({"far.example", "unknown.example", "near.example", "beside.example"});
  distances.sort(all, now);
  std::vector<std::string> out;
  for (const Candidate& one : all) out.push_back(one.url.authority.host);
  return out;
}

EntryDistances of_home() {
  EntryDistances out("home");
  out.measured("far.example:443", 120ms, kNow);
  out.measured("near.example:443", 20ms, kNow);
  out.measured("beside.example:443", 19ms, kNow);
  return out;
}

TEST(EntryDistances, TheNearestComesFirstAndWhatIsUnknownLast) {
  EXPECT_EQ(sorted(of_home()), (std::vector<std::string>{"near.example", "beside.example",
                                                         "far.example", "unknown.example"}))
      << "two that are about as near stay in the control plane's order";
  EXPECT_EQ(sorted(EntryDistances("home")).front(), "far.example") << "as they were given";
}

TEST(EntryDistances, AreThoseOfOneNetwork) {
  EntryDistances other("office");
  other.read(of_home().text());
  EXPECT_FALSE(other.knows("near.example:443", kNow));
  EXPECT_FALSE(other.has_news());
  other.measured("far.example:443", 5ms, kNow);
  other.measured("far.example:443", 5s, kNow);  // it was held up
  EXPECT_EQ(sorted(other).front(), "far.example");
  EXPECT_TRUE(other.has_news());
  EntryDistances home("home");
  home.read(other.text());
  EXPECT_EQ(sorted(home).front(), "near.example") << "both are kept";
}

TEST(EntryDistances, AreForgottenAfterADay) {
  const EntryDistances distances = of_home();
  EXPECT_TRUE(distances.knows("near.example:443", kNow + kDistanceMemory - 1s));
  EXPECT_FALSE(distances.knows("near.example:443", kNow + kDistanceMemory));
  EXPECT_FALSE(distances.knows("near.example:443", kNow - 1s)) << "the clock was set back";
}

TEST(EntryDistances, OfWhatIsNoLineOfTheirsNothingIsTaken) {
  EntryDistances distances("home");
  distances.read(
      "home near.example:443 -5 1800000000\nhome x\n\n  \nhome a:1 99999999999 1\n"
      "home b:1 5 1800000000 more\nhome c:1 9223372036854775807 1\n"
      "home d:1 5 9223372036854775807\nhome good:1 5000 1800000000");
  EXPECT_EQ(distances.text(), "home good:1 5000 1800000000\n");
}

TEST(EntryDistances, AreSoManyAndThenTheOldestMakesWay) {
  EntryDistances distances("home");
  for (std::size_t i = 0; i <= kMaxDistances; ++i) {
    distances.measured("e" + std::to_string(i) + ":1", 5ms, kNow + std::chrono::seconds(i));
  }
  EXPECT_FALSE(distances.knows("e0:1", kNow + 600s));
  EXPECT_TRUE(distances.knows("e1:1", kNow + 600s));
}

}  // namespace
}  // namespace rap::client
