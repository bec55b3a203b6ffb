#include "client/flows/away_notice.hpp"

#include <gtest/gtest.h>

namespace rap::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct AwayNoticeTest : testing::Test {
  std::optional<std::string> after(Duration time, const std::string& detail = "refused") {
    return notice.step(start + time, SealedFlows::Away{1, start, "entry.example:443", detail});
  }
  std::optional<std::string> back_after(Duration time) {
    return notice.step(start + time, std::nullopt);
  }

  MonoTime start{std::chrono::hours{1}};
  AwayNotice notice{"office"};
};

TEST_F(AwayNoticeTest, SaysNothingOfAMoment) {
  EXPECT_FALSE(back_after({}));
  EXPECT_FALSE(after(milliseconds{10}));
  EXPECT_EQ(notice.next(), start + kAwayMoment);
  EXPECT_FALSE(back_after(milliseconds{900}));
  EXPECT_FALSE(notice.next());
}

TEST_F(AwayNoticeTest, SaysWhatIsWaitedForAndThatItIsOver) {
  EXPECT_FALSE(after({}));
  EXPECT_EQ(after(kAwayMoment), "rap: reconnecting to office by entry.example:443… (refused)");
  EXPECT_EQ(back_after(seconds{12}), "rap: office is back after 12 s.");
  EXPECT_FALSE(back_after(seconds{13}));
}

TEST_F(AwayNoticeTest, SaysWhatChangedAndNotTooOften) {
  EXPECT_TRUE(after(kAwayMoment));
  EXPECT_FALSE(after(seconds{2}, "no route"));
  EXPECT_EQ(after(seconds{11}, "no route"),
            "rap: reconnecting to office by entry.example:443… (no route)");
  EXPECT_FALSE(after(seconds{22}, "no route")) << "there is no news";
  EXPECT_EQ(after(seconds{33}, ""), "rap: reconnecting to office by entry.example:443…");
}

}  // namespace
}  // namespace rap::client
