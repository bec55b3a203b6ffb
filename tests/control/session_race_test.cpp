// Rights that are taken away while they are being used: no session outlives its grant.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "test_world.hpp"

namespace rap::store {
namespace {

TEST(TakingAGrant, LeavesNoSessionHoweverTheTwoMeet) {
  SeededWorld w;
  constexpr int kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    std::jthread taker([&] {
      EXPECT_EQ(w.as("admin@alpha", "DELETE",
                     "organizations/alpha/resources/secret-alpha/grants/user@alpha.test")
                    .status,
                204);
    });
    for (int i = 0; i < 5; ++i) {
      const Answered a = w.as("user@alpha", "POST", "sessions", session_wanted("secret-alpha"));
      EXPECT_TRUE(a.status == 201 || a.code() == "resource_not_found") << a.text;
    }
    taker.join();
    for (const json& s : in(w.as("user@alpha", "GET", "sessions"), "items")) {
      EXPECT_EQ(s["state"], "terminated");
    }
    EXPECT_EQ(w.as("admin@alpha", "POST", "organizations/alpha/resources/secret-alpha/grants",
                   {{"email", "user@alpha.test"}})
                  .status,
              201);
  }
}

}  // namespace
}  // namespace rap::store
