#include "control/nodes/notices/noticing.hpp"

#include <gtest/gtest.h>

namespace rap::control {
namespace {

using namespace std::chrono_literals;

struct NoticesTold : testing::Test {
  std::vector<std::string> hear(std::vector<NoticeCode> codes) {
    std::vector<Notice> holding;
    for (const NoticeCode code : codes) holding.push_back({code, "what to do"});
    std::vector<std::string> out;
    for (const NoticeChange& change : follow_notices(told, holding, now)) {
      EXPECT_EQ(change.text, change.began ? "what to do" : "");
      out.push_back((change.began ? "+" : "-") + std::string(to_string(change.code)));
    }
    EXPECT_EQ(told_notices_from(to_json(told)), told);
    return out;
  }

  using enum NoticeCode;
  using Changes = std::vector<std::string>;
  ToldNotices told;
  WallTime now = from_unix(1'800'000'000);
};

TEST_F(NoticesTold, AreToldWhenTheyBeginAndWhenTheyAreOver) {
  EXPECT_EQ(hear({}), Changes{});
  EXPECT_EQ(hear({clock_off, disk_failing}), (Changes{"+clock_off", "+disk_failing"}));
  EXPECT_EQ(hear({clock_off, disk_failing}), Changes{}) << "and not in between";
  now += kNoticeQuiet;
  EXPECT_EQ(hear({disk_failing}), Changes{"-clock_off"});
  EXPECT_EQ(hear({}), Changes{"-disk_failing"});
}

TEST_F(NoticesTold, OfANodeThatSwingsDoNotFillTheLog) {
  std::size_t entries = 0;
  for (int second = 0; second < 600; ++second, now += 1s) {
    entries += hear(second % 2 == 0 ? std::vector{clock_off} : std::vector<NoticeCode>{}).size();
  }
  EXPECT_LE(entries, 11U);
  now += kNoticeQuiet;
  hear({});
  now += kNoticeQuiet;
  EXPECT_EQ(hear({}), Changes{});
  EXPECT_FALSE(told.at(clock_off).stands) << "what is told last is how it is";
}

TEST_F(NoticesTold, OfANodeThatLiesWithoutEndAreSoManyADayAndNoMore) {
  std::uint64_t swings = 0;
  std::uint64_t accounted = 0;
  for (int day = 0; day < 3; ++day) {
    std::size_t entries = 0;
    for (int minute = 0; minute < 24 * 60; ++minute, now += kNoticeQuiet) {
      const bool lies = minute % 2 == 0;
      ++swings;
      for (const NoticeChange& change : follow_notices(
               told, lies ? std::vector<Notice>{{clock_off, "x"}} : std::vector<Notice>{}, now)) {
        ++entries;
        accounted += 1 + change.left_out;
      }
    }
    EXPECT_LE(entries, static_cast<std::size_t>(kMaxNoticesADay));
    EXPECT_GE(entries, static_cast<std::size_t>(kMaxNoticesADay) - 1);
  }
  EXPECT_EQ(accounted + told.at(clock_off).left_out, swings) << "what is left out is counted";
}

TEST_F(NoticesTold, AreThoseThatTheNodeSaysItself) {
  EXPECT_EQ(hear({old_history, copied, certificate_expires_soon, certificate_expired}), Changes{});
}

TEST_F(NoticesTold, ReadAsNoneWhenTheyMakeNoSense) {
  for (const char* text : {"", "[]", "nonsense", R"({"clock_off":1})", R"({"clock_off":{}})",
                           R"({"more":{"stands":true,"at":1}})"}) {
    EXPECT_TRUE(told_notices_from(text).empty()) << text;
  }
}

}  // namespace
}  // namespace rap::control
