#include "base/log/cluster_log.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap {
namespace {

class Lines final : public Log {
 public:
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    last = format_log_line("now", level, "p", event, fields);
  }
  std::string last;
};

struct ClusterLogTest : testing::Test {
  SeededRandom rng{1};
  ClusterId cluster = ClusterId::random(rng);
  Lines lines;
  ClusterLog log{lines, cluster};
};

TEST_F(ClusterLogTest, AddsTheClusterAfterWhatTheLineSays) {
  log.warn("channel.lost", {{"peer", "b"}, {"flows", 3}});
  EXPECT_EQ(lines.last,
            R"({"ts":"now","level":"warn","program":"p","event":"channel.lost","peer":"b",)"
            R"("flows":3,"cluster":")" +
                cluster.str() + "\"}");
}

TEST_F(ClusterLogTest, SaysNothingOfAClusterUntilItIsKnownAndThenStaysWithIt) {
  ClusterLog later(lines);
  later.info("fabric.started");
  EXPECT_EQ(lines.last.find("cluster"), std::string::npos);
  later.is_of(cluster);
  later.is_of(ClusterId::random(rng));
  later.info("fabric.started");
  EXPECT_NE(lines.last.find(cluster.str()), std::string::npos);
}

TEST_F(ClusterLogTest, AddsItToALineThatSaysNothingElse) {
  log.info("hints.listening");
  EXPECT_EQ(lines.last,
            R"({"ts":"now","level":"info","program":"p","event":"hints.listening","cluster":")" +
                cluster.str() + "\"}");
}

TEST_F(ClusterLogTest, AddsItToTheLongestLineAndToOneThatIsTooLong) {
  const LogField f("k", 1);
  log.info("x", {f, f, f, f, f, f, f, f, f, f, f, f, f, f, f});
  const std::string longest = lines.last;
  EXPECT_NE(longest.find(cluster.str()), std::string::npos);
  log.info("x", {f, f, f, f, f, f, f, f, f, f, f, f, f, f, f, f});
  EXPECT_EQ(lines.last, longest) << "what is beyond is left out, and never the cluster";
}

}  // namespace
}  // namespace rap
