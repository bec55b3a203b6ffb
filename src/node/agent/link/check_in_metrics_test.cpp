#include "node/agent/link/check_in_metrics.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::agent {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class CheckInMetricsTest : public ::testing::Test {
 protected:
  json at(Duration when) {
    json out = json::object();
    metrics.write(out, MonoTime{1h} + when, seen, use);
    return out;
  }

  CheckInMetrics metrics;
  static wire::Observations of_process(std::int64_t pid) {
    wire::Observations out;
    out.pid = pid;
    return out;
  }
  std::optional<wire::Observations> seen = of_process(7);
  HostUse use{{.cpu = 1s, .resident_bytes = 4096, .open_files = 9}, std::nullopt, 150};
};

TEST_F(CheckInMetricsTest, TellWhatIsConnectedNow) {
  seen->channels.resize(3);
  seen->channels[0].state = seen->channels[2].state = "established";
  seen->sessions.resize(2);
  seen->sessions[0].flows = 2;
  seen->sessions[1].flows = 3;
  seen->clients = 4;
  EXPECT_EQ(at(0s)["connections"],
            (json{{"channels", 2}, {"clients", 4}, {"sessions", 2}, {"flows", 5}}));
  seen.reset();
  EXPECT_FALSE(at(1s).contains("connections")) << "while rap-fabric is away nobody knows";
}

TEST_F(CheckInMetricsTest, TellRatesAndErrorsSinceHalfAMinute) {
  EXPECT_FALSE(at(0s).contains("rates")) << "there is nothing to compare with";
  for (int i = 0; i < 20; ++i) metrics.count_call(i < 5);
  seen->counters.attempts = 10;
  seen->counters.handshake_failures = 4;
  seen->counters.authorization_failures = 2;
  seen->refusals = {{"no_route", 3}, {"token_invalid", 5}};
  seen->channels.resize(1);
  seen->channels[0].bytes_in = 1000;
  seen->opened_flows = {{"entry", 6}, {"egress", 1}};
  const json told = at(10s);
  EXPECT_EQ(told["rates"]["calls_per_s"], 2.0);
  EXPECT_EQ(told["rates"]["dials_per_s"], 1.0);
  EXPECT_EQ(told["rates"]["bytes_in_per_s"], 100.0);
  EXPECT_EQ(told["rates"]["flows_per_s"], (json{{"entry", 0.6}, {"relay", 0.0}, {"egress", 0.1}}));
  EXPECT_EQ(told["errors"]["failed_calls_per_s"], 0.5);
  EXPECT_EQ(told["errors"]["failed_handshakes_per_s"], 0.4);
  EXPECT_EQ(told["errors"]["unauthorized_per_s"], 0.2);
  EXPECT_EQ(told["errors"]["refused_flows_per_s"], 0.8);
  for (int s = 15; s <= 90; s += 5) at(std::chrono::seconds{s});
  EXPECT_EQ(at(95s)["rates"]["calls_per_s"], 0.0) << "what is long over is not told of";
}

TEST_F(CheckInMetricsTest, AnotherFabricIsNotComparedWithTheOneBefore) {
  seen->counters.attempts = 100;
  at(0s);
  seen->pid = 8;
  seen->counters.attempts = 1;
  EXPECT_FALSE(at(5s).contains("rates"));
  seen->counters.attempts = 6;
  EXPECT_EQ(at(10s)["rates"]["dials_per_s"], 1.0);
}

TEST_F(CheckInMetricsTest, AChannelThatEndedMakesNoRateNegative) {
  seen->channels.resize(1);
  seen->channels[0].bytes_in = 1000;
  at(0s);
  seen->channels.clear();
  EXPECT_EQ(at(5s)["rates"]["bytes_in_per_s"], 0.0);
}

TEST_F(CheckInMetricsTest, TellWhatBothProgramsUseOfTheirHost) {
  use.fabric = ProgramUse{.cpu = 10s, .resident_bytes = 8192, .open_files = 20};
  at(0s);
  use.agent.cpu = 2s;
  use.fabric->cpu = 15s;
  const json told = at(10s)["resources"];
  EXPECT_EQ(told["load_percent"], 150);
  EXPECT_EQ(told["agent"], (json{{"resident_bytes", 4096}, {"open_files", 9}, {"cpu", 0.1}}));
  EXPECT_EQ(told["fabric"], (json{{"resident_bytes", 8192}, {"open_files", 20}, {"cpu", 0.5}}));
}

}  // namespace
}  // namespace rap::agent
