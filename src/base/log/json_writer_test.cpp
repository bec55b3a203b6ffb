#include "base/log/json_writer.hpp"

#include <gtest/gtest.h>

namespace rap {
namespace {

TEST(JsonWriter, PutsCommasBetweenValuesAndNowhereElse) {
  JsonWriter w;
  w.begin_object();
  w.key("a").number(-1).key("b").begin_array().end_array();
  w.key("c").begin_array().text("x").boolean(true).begin_object().end_object().end_array();
  w.key("d").json(R"({"e":null})").key("f").begin_object().end_object();
  w.end_object();
  EXPECT_EQ(w.str(), R"({"a":-1,"b":[],"c":["x",true,{}],"d":{"e":null},"f":{}})");
}

TEST(JsonWriter, QuotesNamesAndTexts) {
  JsonWriter w;
  w.begin_object().key("a\"b").text("\n\xff").end_object();
  EXPECT_EQ(std::move(w).take(), "{\"a\\\"b\":\"\\u000a\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace rap
