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

TEST(Table, AlignsWideAndCombiningCharacters) {
  const json items = {{{"n", "\u6771\u4eac"}, {"v", 1}}, {{"n", "e\u0301"}, {"v", 2}}};
  EXPECT_EQ(render_table({{"NAME", "/n"}, {"V", "/v"}}, items),
            "NAME  V\n\u6771\u4eac  1\ne\u0301     2\n");
}

TEST(Table, BreaksListsAndSentencesWhereTheTerminalIsNarrow) {
  const json items = {{{"n", "entry-1"}, {"r", {"entry", "relay", "egress"}}, {"v", 1}}};
  const std::vector<Column> columns = {{"NAME", "/n"}, {"ROLES", "/r"}, {"V", "/v"}};
  const std::string whole =
      "NAME     ROLES               V\n"
      "entry-1  entry,relay,egress  1\n";
  EXPECT_EQ(render_table(columns, items), whole);
  EXPECT_EQ(render_table(columns, items, 30), whole);
  EXPECT_EQ(render_table(columns, items, 29),
            "NAME     ROLES         V\n"
            "entry-1  entry,relay,  1\n"
            "         egress\n")
      << "a line is broken behind a comma";
}

TEST(Table, IsARecordEachWhereEvenItsWordsAreTooWide) {
  const json items = {{{"n", "entry-1"}, {"i", "5c5a7b1e"}}, {{"n", "relay-1"}, {"i", "9d0f1c2b"}}};
  EXPECT_EQ(render_table({{"NAME", "/n"}, {"ID", "/i"}}, items, 16),
            "NAME: entry-1\nID:   5c5a7b1e\n\nNAME: relay-1\nID:   9d0f1c2b\n")
      << "an id stays whole";
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
            "T                     S     B        R\n"
            "2023-11-14T22:13:20Z  90 s  1.5 KiB  1.2 ms\n");
}

TEST(Table, LetsNoServerMoveTheCursor) {
  const json items = {{{"n", "a\x1b[2J\u200fb"}, {"v", {{"x", "\u2028"}}}}};
  EXPECT_EQ(render_table({{"N", "/n"}, {"V", "/v"}}, items),
            "N        V\na?[2J?b  {\"x\":\"\\u2028\"}\n");
}

TEST(Table, ShowsOneThingAsLines) {
  EXPECT_EQ(render_record({{"Name", "/n"}, {"Longer", "/l"}}, {{"n", "x"}, {"l", true}}),
            "Name:   x\nLonger: yes\n");
}

}  // namespace
}  // namespace rap::client
