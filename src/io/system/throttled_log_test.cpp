#include "io/system/throttled_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rap::io {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class Lines final : public Log {
 public:
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    all.push_back(format_log_line("t", level, "test", event, fields));
  }
  std::vector<std::string> all;
};

TEST(ThrottledLog, FiftyFiveThousandBadHandshakesMakeAFewLinesThatAddUp) {
  Lines lines;
  MonoTime now{1h};
  {
    ThrottledLog log(lines, [&] { return now; });
    for (int i = 0; i < 55'000; ++i) {
      now += 1ms;
      log.info(LogCause::stranger("203.0.113.1", "clients"), "handshake.failed", {{"n", i}});
    }
    log.info("fabric.stopped");
  }
  EXPECT_THAT(lines.all,
              ElementsAre(HasSubstr("\"n\":0"), HasSubstr("\"n\":1"), HasSubstr("\"n\":2"),
                          HasSubstr("fabric.stopped"), HasSubstr("\"lines\":54997")));
}

TEST(ThrottledLog, SaysWhatItLeftOutWhenTheIntervalEnds) {
  Lines lines;
  MonoTime now{1h};
  ThrottledLog log(lines, [&] { return now; });
  for (int i = 0; i < 10; ++i) log.warn(LogCause::stranger("a", "full"), "client.limit_reached");
  now += kLogInterval;
  log.catch_up();
  log.catch_up();
  ASSERT_EQ(lines.all.size(), 4U);
  EXPECT_EQ(lines.all.back(),
            R"({"ts":"t","level":"warn","program":"test","event":"log.left_out",)"
            R"("of":"client.limit_reached","reason":"full","lines":7,"sources":1,)"
            R"("more_sources":false,"loudest":"a"})");
}

}  // namespace
}  // namespace rap::io
