#include "snapshot/security_delta.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::snapshot {
namespace {

using nlohmann::json;
using policy::BlocklistKind;

const UserId kUser = *UserId::parse("0f8fad5b-d9cb-469f-a165-70867728950e");

SecurityChanges some() {
  return {{{kUser, 3, 7}},
          {{BlocklistKind::ip, "203.0.113.0/24", true, from_unix(1'800'000'000), 8},
           {BlocklistKind::device, kUser.str(), true, {}, 9},
           {BlocklistKind::user, kUser.str(), false, {}, 10}}};
}

TEST(SecurityChanges, RoundTrip) {
  EXPECT_EQ(parse_security_changes(to_json(some()), 3), some());
  EXPECT_EQ(parse_security_changes(to_json(SecurityChanges{}), 0), SecurityChanges{});
}

TEST(SecurityChanges, RoundTripAsTheRowsOfAMessage) {
  EXPECT_EQ(read_rows(to_rows(some())), some());
  EXPECT_FALSE(read_rows({wire::JsonValue::of("[{}]"), wire::JsonValue::of("[]")}));
  EXPECT_FALSE(read_rows({}));
}

TEST(SecurityChanges, AreBounded) { EXPECT_FALSE(parse_security_changes(to_json(some()), 2)); }

TEST(SecurityChanges, ThatMakeNoSenseAreRefusedWhole) {
  const auto bent = [](const char* list, int i, const char* member, const json& value) {
    json text = to_json(some());
    if (value.is_null()) {
      text[list][i].erase(member);
    } else {
      text[list][i][member] = value;
    }
    return parse_security_changes(text, 16);
  };
  EXPECT_FALSE(bent("epochs", 0, "user", "nobody"));
  EXPECT_FALSE(bent("epochs", 0, "seq", {}));
  EXPECT_FALSE(bent("epochs", 0, "epoch", "3"));
  EXPECT_FALSE(bent("blocklist", 0, "kind", "host"));
  EXPECT_FALSE(bent("blocklist", 0, "value", "203.0.113.0/33"));
  EXPECT_FALSE(bent("blocklist", 0, "value", "203.0.113.7/32")) << "has another form";
  EXPECT_FALSE(bent("blocklist", 1, "value", "203.0.113.7"));
  EXPECT_FALSE(bent("blocklist", 1, "action", "ban"));
  EXPECT_FALSE(bent("blocklist", 1, "expires_at", "soon"));
  EXPECT_FALSE(parse_security_changes(json::array(), 16));
  EXPECT_FALSE(parse_security_changes({{"epochs", json::array()}}, 16));
}

}  // namespace
}  // namespace rap::snapshot
