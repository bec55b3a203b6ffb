#include "wire/join_token.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"

namespace rap::wire {
namespace {

constexpr std::string_view kPrefix = "rapjt1.";
constexpr int kVersion = 1;
constexpr std::uint16_t kDefaultPort = 443;
constexpr std::size_t kFingerprintDigits = 64;

std::unexpected<std::string> broken(std::string_view why) {
  return std::unexpected("The join token " + std::string(why) +
                         "; copy it again in full, or make a new one with "
                         "'rap admin join-tokens create'.");
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

bool is_fingerprint(std::string_view s) {
  return s.size() == kFingerprintDigits && std::ranges::all_of(s, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string encode_join_token(std::string_view control_url, std::string_view root_fingerprint,
                              ClusterId cluster, NodeId node, std::string_view secret) {
  const nlohmann::json content = {{"v", kVersion},          {"url", control_url},
                                  {"ca", root_fingerprint}, {"cluster", cluster.str()},
                                  {"node", node.str()},     {"secret", secret}};
  return std::string(kPrefix) + to_base64url(as_bytes(content.dump()));
}

std::expected<JoinToken, std::string> parse_join_token(std::string_view text) {
  text = trim(text);
  if (text.size() > kMaxJoinTokenBytes) return broken("is longer than any join token");
  if (!text.starts_with(kPrefix))
    return broken("does not start with '" + std::string(kPrefix) + "'");
  const auto raw = from_base64url(text.substr(kPrefix.size()));
  if (!raw) return broken("is damaged");
  try {
    const auto json = nlohmann::json::parse(raw->begin(), raw->end());
    if (json.at("v") != kVersion) return broken("is of a version this program does not know");
    const auto url = parse_url(json.at("url").get<std::string>(), "https", kDefaultPort);
    const auto cluster = ClusterId::parse(json.at("cluster").get<std::string>());
    const auto node = NodeId::parse(json.at("node").get<std::string>());
    JoinToken token{url.value_or(Url{}), json.at("ca"), cluster.value_or(ClusterId{}),
                    node.value_or(NodeId{}), json.at("secret")};
    if (!url || !cluster || !node || !is_fingerprint(token.root_fingerprint) ||
        token.secret.empty()) {
      return broken("is damaged");
    }
    return token;
  } catch (const nlohmann::json::exception&) {
    return broken("is damaged");
  }
}

}  // namespace rap::wire
