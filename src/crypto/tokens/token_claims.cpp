#include "crypto/tokens/token_claims.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "wire/json_reader.hpp"

namespace rap::crypto {
namespace {

constexpr std::size_t kMaxClassName = 32;
constexpr std::size_t kClientKeyText = 43;  // of 32 bytes in base64url

}  // namespace

ClientKey read_client_key(wire::JsonReader& claims, std::string_view name) {
  ClientKey out{};
  const auto raw = from_base64url(claims.text(name, kClientKeyText));
  if (!raw || raw->size() != out.size()) {
    claims.wrong(name, "must be 32 bytes in base64url");
  } else {
    std::ranges::copy(*raw, out.begin());
  }
  return out;
}

wire::TrafficClassSet read_classes(wire::JsonReader& claims) {
  const nlohmann::json& names = claims.array("classes", wire::kTrafficClassCount);
  wire::TrafficClassSet out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto one = wire::traffic_class_from(
        std::string_view(claims.item_text("classes", i, names[i], kMaxClassName)));
    if (!one || out.contains(*one)) {
      claims.wrong("classes", "must be names of different traffic classes");
      continue;
    }
    out.add(*one);
  }
  if (out.empty()) claims.wrong("classes", "must not be empty");
  return out;
}

std::string_view to_string(TokenFault fault) {
  switch (fault) {
    case TokenFault::malformed: return "malformed";
    case TokenFault::unknown_key: return "unknown_key";
    case TokenFault::not_yet_valid: return "not_yet_valid";
    case TokenFault::expired: return "expired";
    case TokenFault::wrong_cluster: return "wrong_cluster";
  }
  return "";
}

TokenFault fault_of(JwsFault fault) {
  return fault == JwsFault::unknown_key ? TokenFault::unknown_key : TokenFault::malformed;
}

}  // namespace rap::crypto
