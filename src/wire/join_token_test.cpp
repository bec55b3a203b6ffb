#include "wire/join_token.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"

namespace rap::wire {
namespace {

nlohmann::json good() {
  return {{"v", 1},
          {"url", "https://control.example:8443"},
          {"ca", std::string(64, 'a')},
          {"cluster", "0f8fad5b-d9cb-469f-a165-70867728950e"},
          {"node", "7c9e6679-7425-40de-944b-e07fc1f90ae7"},
          {"secret", "c2VjcmV0"}};
}
std::string token(const nlohmann::json& json) {
  return "rapjt1." + to_base64url(as_bytes(json.dump()));
}

TEST(JoinToken, IsWrittenAsItHasAlwaysBeen) {
  const auto json = good();
  EXPECT_EQ(encode_join_token("https://control.example:8443", std::string(64, 'a'),
                              ClusterId::parse(json["cluster"].get<std::string>()).value(),
                              NodeId::parse(json["node"].get<std::string>()).value(), "c2VjcmV0"),
            token(json));
  EXPECT_EQ(as_text(from_base64url(token(json).substr(7)).value()),
            R"({"ca":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",)"
            R"("cluster":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
            R"("node":"7c9e6679-7425-40de-944b-e07fc1f90ae7","secret":"c2VjcmV0",)"
            R"("url":"https://control.example:8443","v":1})");
}

TEST(JoinToken, TellsWhereToGoAndWhatToExpectThere) {
  const auto parsed = parse_join_token(" " + token(good()) + "\n");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->control.authority, (HostPort{"control.example", 8443}));
  EXPECT_EQ(parsed->root_fingerprint, std::string(64, 'a'));
  EXPECT_EQ(parsed->node.str(), "7c9e6679-7425-40de-944b-e07fc1f90ae7");
  EXPECT_EQ(parsed->secret, "c2VjcmV0");
}

TEST(JoinToken, IsRefusedWithAdviceWhenAnyPartIsWrong) {
  std::vector<std::string> bad = {"", "rapjt1.", "rapjt1.!!", "rapjt2." + token(good()).substr(7),
                                  std::string(kMaxJoinTokenBytes + 1, 'x')};
  for (const char* member : {"v", "url", "ca", "cluster", "node", "secret"}) {
    auto json = good();
    json.erase(member);
    bad.push_back(token(json));
    json[member] = nlohmann::json::array();
    bad.push_back(token(json));
    json[member] = "";
    bad.push_back(token(json));
  }
  auto json = good();
  json["url"] = "http://control.example";
  bad.push_back(token(json));
  json = good();
  json["ca"] = std::string(64, 'A');
  bad.push_back(token(json));
  for (const std::string& text : bad) {
    const auto parsed = parse_join_token(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().find("join-tokens create"), std::string::npos) << parsed.error();
  }
}

}  // namespace
}  // namespace rap::wire
