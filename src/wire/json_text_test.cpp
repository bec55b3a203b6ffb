#include "wire/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::wire {
namespace {

TEST(JsonText, IsWhatTheLibraryPrints) {
  for (const std::string_view text : {"", "plain", "10.0.0.5:7443", "a \"quote\"", "back\\slash",
                                      "line\nbreak\ttab", "\x01\x7f", "größer", "~ !"}) {
    std::string out = "before";
    append_json_text(text, out);
    EXPECT_EQ(out, "before" + nlohmann::json(text).dump());
  }
}

}  // namespace
}  // namespace rap::wire
