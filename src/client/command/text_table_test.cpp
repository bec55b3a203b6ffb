#include "client/command/text_table.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::client {
namespace {

using nlohmann::json;

TEST(Table, AlignsColumnsAndCountsCharactersNotBytes) {
  const json items = {{{"n", "né"}, {"v", 1}}, {{"n", "longer"}, {"v", json()}}};
  EXPECT_EQ(render_table({{"NAME", "/n"}, {"VALUE", "/v"}}, items),
            "NAME    VALUE\nné      1\nlonger  -\n");
}

TEST(Table, ReadsNestedMembersListsAndNamedThings) {
  const json items = {{{"a", {{"b", "deep"}}},
                       {"list", {"x", "y"}},
                       {"named", {{{"name", "one"}, {"id", 7}}}},
                       {"none", json::array()}}};
  EXPECT_EQ(render_table({{"A", "/a/b"}, {"L", "/list"}, {"N", "/named"}, {"E", "/none"}}, items),
            "A     L    N    E\ndeep  x,y  one  -\n");
}

TEST(Table, WritesTimesAgesAndSizesForPeople) {
  const json items = {{{"t", 1'700'000'000}, {"s", 90}, {"b", 1536}, {"us", 1234}}};
  EXPECT_EQ(render_table({{"T", "/t", Format::time},
                          {"S", "/s", Format::seconds},
                          {"B", "/b", Format::bytes},
                          {"R", "/us", Format::milliseconds}},
                         items),
            "T                     S      B        R\n"
            "2023-11-14T22:13:20Z  1 min  1.5 KiB  1.2 ms\n");
}

TEST(Table, LetsNoServerMoveTheCursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\rc\n"), "a?[2Jb?c?");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(Table, ShowsOneThingAsLines) {
  EXPECT_EQ(render_record({{"Name", "/n"}, {"Longer", "/l"}}, {{"n", "x"}, {"l", true}}),
            "Name:   x\nLonger: yes\n");
}

}  // namespace
}  // namespace rap::client
