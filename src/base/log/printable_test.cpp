// Text from elsewhere moves no cursor.
#include "base/log/printable.hpp"

#include <gtest/gtest.h>

namespace rap {
namespace {

TEST(Printable, LetsNobodyMoveTheCursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\rc\n\x7f"), "a?[2Jb?c??");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
}

TEST(Printable, LetsNobodyTurnOrHideWhatFollows) {
  EXPECT_EQ(printable("x\u202etxt.exe\u2069"), "x?txt.exe?");
  for (const char* mark : {"\u061c", "\u200b", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a",
                           "\u2060", "\u2066", "\ufeff", "\u00ad", "\U000e0041"}) {
    EXPECT_EQ(printable(std::string("a") + mark + "b"), "a?b");
  }
}

TEST(Printable, KeepsWhatPeopleWriteIn) {
  for (const char* text : {"gr\xc3\xbc\xc3\x9f", "\u6771\u4eac", "\u0645\u06cc\u200c\u062e",
                           "e\u0301", "\U0001f469\u200d\U0001f4bb"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ShowsBytesThatAreNoCharacterAsSuch) {
  EXPECT_EQ(printable("a\x9b"
                      "b\xff\xe2\x80"),
            "a?b???");
}

TEST(Printable, KeepsBreaksOfLinesOnlyWhereTheyAreOurs) {
  EXPECT_EQ(printable("a\nb"), "a?b");
  EXPECT_EQ(printable_lines("a\nb\u2028c\x1b"), "a\nb?c?");
}

TEST(Printable, LinesBecomeOne) {
  EXPECT_EQ(printable_line("one\r\n\troot: fine\x1b[A\n\n"), "one?;  root: fine?[A");
  EXPECT_EQ(printable_line("\n"), "");
}

TEST(Printable, AsciiIsFromTheSpaceToTheTildeAndNothingElse) {
  EXPECT_TRUE(is_printable_ascii(" control-1~"));
  EXPECT_EQ(printable_ascii(" control-1~"), " control-1~");
  for (const char* text : {"\x1f", "\x7f", "\x1b[1A", "a\n", "gr\xc3\xbc\xc3\x9f"}) {
    EXPECT_FALSE(is_printable_ascii(text)) << text;
    EXPECT_TRUE(is_printable_ascii(printable_ascii(text))) << text;
  }
  EXPECT_EQ(printable_ascii("\x1b[1A"), "?[1A");
}

}  // namespace
}  // namespace rap
