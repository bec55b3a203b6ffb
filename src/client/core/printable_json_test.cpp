#include "client/core/printable_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::client {
namespace {

using nlohmann::json;

TEST(PrintableJson, SaysTheSameToAProgram) {
  const json value = {{"name", "x\u202etxt\u009b\x7f\x1b\U000e0041 gr\u00fc\u00df"}};
  for (const int indent : {-1, 2}) {
    const std::string shown = printable_json(value, indent);
    EXPECT_EQ(json::parse(shown), value);
    EXPECT_NE(shown.find("x\\u202etxt\\u009b\\u007f\\u001b\\udb40\\udc41 gr\u00fc\u00df"),
              std::string::npos)
        << shown;
  }
}

}  // namespace
}  // namespace rap::client
