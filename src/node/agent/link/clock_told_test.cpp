// What the fabric hears of the host's clock.
#include <algorithm>

#include "node/agent/link/test_control_link.hpp"

namespace rap::agent {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class ClockTold : public ControlLinkWorld {};

TEST_F(ClockTold, IsHowFarItIsAheadAndAgainWhenThatIsAnother) {
  const auto told = [&](std::chrono::seconds ahead) {
    return std::ranges::count(clocks_, json{{"type", "clock"}, {"ahead_s", ahead.count()}});
  };
  const auto measure = [&](std::chrono::seconds ahead) {
    while (!sent(ControlCall::checkin)) wake();
    answer(ControlCall::checkin,
           {{"config_version", 0}, {"commands_seq", 0}, {"server_time", to_unix(wall() - ahead)}});
  };
  step(FabricConnected{});
  measure(-20s);
  EXPECT_EQ(told(-20s), 1);
  measure(-19s);
  measure(-20s);
  EXPECT_EQ(told(-20s) + told(-19s), 1) << "a second more or less is none";
  measure(40s);
  EXPECT_EQ(told(40s), 1);
  step(FabricConnected{});
  EXPECT_EQ(told(40s), 2) << "one that comes anew";
}

}  // namespace
}  // namespace rap::agent
