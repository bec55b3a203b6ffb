#include "base/log/log.hpp"

#include "base/log/json_writer.hpp"

#include <gtest/gtest.h>

namespace rap {
namespace {

TEST(Log, WritesOneJsonObjectALine) {
  EXPECT_EQ(format_log_line("2026-01-01T00:00:00Z", LogLevel::info, "rap-fabric", "channel.up",
                            {{"peer", "n1"}, {"age_ms", 12}, {"draining", false}}),
            R"({"ts":"2026-01-01T00:00:00Z","level":"info","program":"rap-fabric",)"
            R"("event":"channel.up","peer":"n1","age_ms":12,"draining":false})");
}

TEST(Log, HostileTextCannotBreakOutOfItsField) {
  EXPECT_EQ(quote_json("a\"b\\c\nd\x01"), R"("a\"b\\c\u000ad\u0001")");
}

TEST(Log, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
  EXPECT_EQ(quote_json("\xff"), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(quote_json("\xc0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quote_json("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quote_json("\xe2\x82\xac"), "\"\xe2\x82\xac\"");
}

}  // namespace
}  // namespace rap
