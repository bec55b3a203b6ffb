#include "io/system/host_user.hpp"

#include <gtest/gtest.h>

namespace rap::io {
namespace {

TEST(FindUid, KnowsNamesAndNumbers) {
  EXPECT_EQ(find_uid("root"), 0U);
  EXPECT_EQ(find_uid("61002"), 61002U);
}

TEST(FindUid, KnowsNoStrangerAndNoNumberThatIsNone) {
  for (const char* user : {"no-such-user-here", "", "-1", "4294967295", "61002 ", "0x10"}) {
    EXPECT_FALSE(find_uid(user)) << user;
  }
  EXPECT_EQ(find_uid("nobody-here").error(), "there is no user 'nobody-here' on this host");
}

}  // namespace
}  // namespace rap::io
