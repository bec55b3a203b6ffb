// Which peers send too many records for what they carry.
#include "io/stream/thin_records.hpp"

#include <gtest/gtest.h>

namespace rap::io {
namespace {

using namespace std::chrono_literals;

class ThinRecordsTest : public testing::Test {
 protected:
  bool sends(std::uint64_t records, std::uint64_t bytes_each) {
    records_ += records;
    bytes_ += records * bytes_each;
    return thin_.may_go_on(records_, bytes_, now_);
  }
  // How many records of this size it may send, one after another.
  std::uint64_t may_send(std::uint64_t bytes_each, std::uint64_t at_most = 100'000) {
    std::uint64_t n = 0;
    while (n < at_most && sends(1, bytes_each)) ++n;
    return n;
  }

  ThinRecords thin_;
  MonoTime now_{1h};
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

TEST_F(ThinRecordsTest, EndAPeerThatSendsAByteAtATime) {
  EXPECT_LE(may_send(0), kThinRecords.burst + 1);
  ThinRecordsTest::thin_ = {};
  records_ = bytes_ = 0;
  EXPECT_LE(may_send(1), 2 * kThinRecords.burst);
}

TEST_F(ThinRecordsTest, AreEarnedByBytes) {
  EXPECT_EQ(may_send(kBytesARecord), 100'000U);
  EXPECT_FALSE(sends(3 * kThinRecords.burst, 0)) << "but not kept for ever";
}

TEST_F(ThinRecordsTest, ComeBackWithTime) {
  // Somebody types, for a day.
  for (int i = 0; i < 24 * 3600 * 5; ++i) {
    now_ += 200ms;
    ASSERT_TRUE(sends(1, 1));
  }
}

TEST_F(ThinRecordsTest, AreTwiceAsManyWhenEachRequestHasATinyBody) {
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(sends(1, 120));
    ASSERT_TRUE(sends(1, 2));
  }
}

}  // namespace
}  // namespace rap::io
