#include "wire/json_reader.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::wire {
namespace {

TEST(StrictJson, AcceptsOneValueAndNothingAround) {
  EXPECT_TRUE(parse_strict_json(R"({"a":1,"b":{"a":[1,2,{"a":null}]}})"));
  EXPECT_TRUE(parse_strict_json(" [] \n"));
  for (const char* bad : {"", "{", "{}x", "{}{}", "{\"a\":1,}", "// c\n{}", "\xef\xbb\xbf{}",
                          "{'a':1}", "{\"a\":NaN}", "{\"a\":01}", "\"\xff\"", "{\"a\":\"\n\"}"}) {
    EXPECT_FALSE(parse_strict_json(bad)) << bad;
  }
}

TEST(StrictJson, RefusesADuplicateMemberAtEveryDepth) {
  for (const char* bad :
       {R"({"a":1,"a":1})", R"({"a":{"b":1,"c":2,"b":3}})", R"([{"x":1},{"y":1,"y":2}])",
        R"({"a":1,"\u0061":2})", R"({"a":{"b":{}},"c":1,"a":2})"}) {
    EXPECT_FALSE(parse_strict_json(bad)) << bad;
  }
  EXPECT_TRUE(parse_strict_json(R"({"a":{"a":1},"b":{"a":1}})"));
}

TEST(StrictJson, RefusesDeepNestingAtItsLimit) {
  auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_strict_json(nested(kMaxJsonDepth)));
  EXPECT_FALSE(parse_strict_json(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(parse_strict_json(nested(100'000)));
}

std::string fault_of(const char* text, const std::function<void(JsonReader&)>& read) {
  JsonFault fault;
  const auto value = parse_strict_json(text);
  EXPECT_TRUE(value) << text;
  JsonReader reader(*value, "", fault);
  read(reader);
  reader.finish();
  return fault.text();
}

TEST(JsonReader, NamesTheMemberThatIsWrong) {
  auto text = [](JsonReader& r) { r.text("a", 3); };
  EXPECT_EQ(fault_of(R"({"a":"abc"})", text), "");
  EXPECT_EQ(fault_of(R"({})", text), "member \"a\" is missing");
  EXPECT_EQ(fault_of(R"({"a":1})", text), "member \"a\" must be a string");
  EXPECT_EQ(fault_of(R"({"a":"abcd"})", text), "member \"a\" is longer than 3 bytes");
  EXPECT_EQ(fault_of(R"({"a":"","b":1})", text), "member \"b\" is unknown");
  EXPECT_EQ(fault_of(R"([])", text), "the document must be a JSON object");

  auto integer = [](JsonReader& r) { r.integer("n", 1, 10); };
  EXPECT_EQ(fault_of(R"({"n":1})", integer), "");
  EXPECT_EQ(fault_of(R"({"n":10})", integer), "");
  for (const char* bad : {R"({"n":0})", R"({"n":11})", R"({"n":-1})", R"({"n":1.0})",
                          R"({"n":18446744073709551615})", R"({"n":"1"})", R"({"n":null})"}) {
    EXPECT_EQ(fault_of(bad, integer), "member \"n\" must be an integer from 1 to 10") << bad;
  }

  auto array = [](JsonReader& r) {
    const auto& items = r.array("list", 2);
    for (std::size_t i = 0; i < items.size(); ++i) r.item_text("list", i, items[i], 2);
  };
  EXPECT_EQ(fault_of(R"({"list":["a","b"]})", array), "");
  EXPECT_EQ(fault_of(R"({"list":["a","b","c"]})", array), "member \"list\" has more than 2 items");
  EXPECT_EQ(fault_of(R"({"list":["a",2]})", array), "member \"list[1]\" must be a string");
  EXPECT_EQ(fault_of(R"({"list":{}})", array), "member \"list\" must be an array");

  auto id = [](JsonReader& r) { r.id<NodeId>("node"); };
  EXPECT_EQ(fault_of(R"({"node":"0f8fad5b-d9cb-469f-a165-70867728950e"})", id), "");
  EXPECT_EQ(fault_of(R"({"node":"x"})", id), "member \"node\" must be a UUID in lower case");
  EXPECT_EQ(fault_of(R"({"flag":1})", [](JsonReader& r) { r.boolean("flag"); }),
            "member \"flag\" must be true or false");
}

TEST(JsonReader, NamesTheWholePathOfAnInnerMember) {
  JsonFault fault;
  const auto value = parse_strict_json(R"({"peers":[{},{"node":7}]})");
  JsonReader outer(*value, "", fault);
  JsonReader inner(outer.array("peers", 9)[1], outer.item_path("peers", 1), fault);
  inner.text("node", 36);
  inner.text("other", 36);
  EXPECT_EQ(fault.text(), "member \"peers[1].node\" must be a string");
}

}  // namespace
}  // namespace rap::wire
