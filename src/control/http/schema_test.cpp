#include "control/http/schema.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::control {
namespace {

using nlohmann::json;

std::string fault(const json& value, const Fields& fields) {
  return find_fault(value, fields).value_or("");
}

TEST(Schema, NamesTheMemberThatIsUnknownMissingOrWrong) {
  const Fields fields = {field::name("name"), field::port("port"),
                         field::email("email").optional()};
  EXPECT_EQ(fault({{"name", "a"}, {"port", 1}}, fields), "");
  EXPECT_EQ(fault({{"name", "a"}, {"port", 1}, {"nmae", "a"}}, fields),
            "'nmae' is not a member of this request.");
  EXPECT_EQ(fault({{"name", "a"}}, fields), "'port' is missing.");
  EXPECT_EQ(fault({{"name", "a b"}, {"port", 1}}, fields),
            "'name' may contain only the letters a to z and A to Z, digits, '.', '_' and '-'.");
  EXPECT_EQ(fault({{"name", 1}, {"port", 1}}, fields), "'name' must be a text.");
  EXPECT_EQ(fault({{"name", "a"}, {"port", 1}, {"email", nullptr}}, fields),
            "'email' must be a text.");
}

TEST(Schema, BoundsNumbersOnBothSides) {
  const Fields fields = {field::port("port")};
  for (const json& good : {json(1), json(65535)}) EXPECT_EQ(fault({{"port", good}}, fields), "");
  for (const json& bad : {json(0), json(65536), json(-1), json(1.5), json("1"), json(true),
                          json(18446744073709551615ULL), json(nullptr)}) {
    EXPECT_EQ(fault({{"port", bad}}, fields), "'port' must be a whole number from 1 to 65535.")
        << bad;
  }
}

TEST(Schema, ChecksEachKindOfText) {
  const auto accepts = [](FieldType type, const json& value) {
    return !find_fault({{"x", value}}, {field::of("x", type)});
  };
  EXPECT_TRUE(accepts(FieldType::uuid, "0f8fad5b-d9cb-469f-a165-70867728950e"));
  EXPECT_FALSE(accepts(FieldType::uuid, "0f8fad5b"));
  EXPECT_TRUE(accepts(FieldType::key, "0f8fad5b-d9cb-469f-a165-70867728950e"));
  EXPECT_TRUE(accepts(FieldType::key, "office"));
  EXPECT_FALSE(accepts(FieldType::key, "of fice"));
  EXPECT_TRUE(accepts(FieldType::sha256_hex, std::string(64, 'a')));
  EXPECT_FALSE(accepts(FieldType::sha256_hex, std::string(64, 'A')));
  EXPECT_FALSE(accepts(FieldType::sha256_hex, std::string(63, 'a')));
  EXPECT_TRUE(accepts(FieldType::base64_32, std::string(43, 'A') + "="));
  EXPECT_FALSE(accepts(FieldType::base64_32, std::string(44, 'A')));
  EXPECT_TRUE(accepts(FieldType::base64url_32, "-_" + std::string(41, 'A')));
  EXPECT_FALSE(accepts(FieldType::base64url_32, "+/" + std::string(41, 'A')));
  EXPECT_FALSE(accepts(FieldType::base64url_32, std::string(43, 'A') + "="));
  EXPECT_FALSE(accepts(FieldType::base64url_32, std::string(42, 'A')));
  EXPECT_TRUE(accepts(FieldType::host_port, "entry.example:443"));
  EXPECT_TRUE(accepts(FieldType::host_port, "[2001:db8::1]:443"));
  EXPECT_FALSE(accepts(FieldType::host_port, "0.0.0.0:443")) << "nobody reaches that";
  EXPECT_FALSE(accepts(FieldType::host_port, "entry.example"));
  EXPECT_FALSE(accepts(FieldType::host, "0xA9FEA9FE")) << "that is an address to some";
  EXPECT_TRUE(accepts(FieldType::host, "169.254.169.254")) << "the ranges judge it";
  EXPECT_FALSE(accepts(FieldType::boolean, "true"));
}

TEST(Schema, BoundsTextsAndRefusesWhatTheDatabaseCannotHold) {
  const Fields fields = {field::text("t", 3)};
  EXPECT_EQ(fault({{"t", "abc"}}, fields), "");
  EXPECT_EQ(fault({{"t", "abcd"}}, fields), "'t' is too long.");
  EXPECT_EQ(fault({{"t", std::string(1, '\0')}}, fields), "'t' must not contain a NUL character.");
  const Fields free = {field::of("o", FieldType::free_object)};
  EXPECT_EQ(fault({{"o", {{"a", {std::string("x\0y", 3)}}}}}, free),
            "'o' must not contain a NUL character.");
  EXPECT_EQ(fault({{"o", {{"anything", {1, "two", nullptr}}}}}, free), "");
}

TEST(Schema, LooksIntoObjectsAndLists) {
  const Fields fields = {field::list("acks", 2, {field::integer("version", 0, 9)}),
                         field::text_list("roles", 2, {"entry", "relay"})};
  const auto body = [](json acks, json roles) {
    return json{{"acks", std::move(acks)}, {"roles", std::move(roles)}};
  };
  const json one = {{"version", 1}};
  EXPECT_EQ(fault(body(json::array({one}), {"entry"}), fields), "");
  EXPECT_EQ(fault(body(json::array({one, {{"version", 10}}}), json::array()), fields),
            "'acks[1].version' must be a whole number from 0 to 9.");
  EXPECT_EQ(fault(body(json::array({one, one, one}), json::array()), fields),
            "'acks' has more than 2 entries.");
  EXPECT_EQ(fault(body(json::array(), {"exit"}), fields),
            "'roles[0]' must be one of entry, relay.");
  EXPECT_EQ(fault(body("none", json::array()), fields), "'acks' must be a list.");
}

TEST(Schema, DescribesItselfAsJsonSchema) {
  const json schema = json_schema(Fields{field::name("name"), field::port("port").optional()});
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], json({"name"}));
  EXPECT_EQ(schema["properties"]["port"],
            json({{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}}));
}

}  // namespace
}  // namespace rap::control
