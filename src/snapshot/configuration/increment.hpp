// What changed in a node's configuration since the one it has (SN-2): a JSON Patch (RFC 6902) from
// one version to the other, each with its hash.
//
// It is not signed itself, and carries the signatures of the whole configuration: who applies it
// ends up with the very envelope that would have come in full, and verifies that as ever.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "crypto/keys/digest.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "wire/json_value.hpp"

namespace rap::snapshot {

// A node is sent the whole instead of a longer patch. Each operation may move a list's members.
inline constexpr std::size_t kMaxPatchOperations = 8192;

struct Increment {
  ClusterId cluster = {};
  NodeId node = {};
  std::uint64_t base_version = 0;
  crypto::Sha256 base_sha256{};  // of the configuration's text
  std::uint64_t version = 0;
  crypto::Sha256 sha256{};
  wire::JsonValue signatures = {};  // of the result's envelope
  wire::JsonValue patch = {};       // add, remove and replace only
  bool operator==(const Increment&) const = default;
};

std::string to_json(const Increment& increment);
// The same where patch and signatures are there as JSON text, and not in the increment.
std::string increment_text(const Increment& increment, std::string_view patch,
                           std::string_view signatures);
std::expected<Increment, std::string> parse_increment(std::string_view json);

// Makes it from two configurations; it is small when items of sorted lists came or went.
wire::JsonValue make_patch(const wire::JsonValue& base, const wire::JsonValue& result);
// The same of two configurations, from what differing_members() finds.
wire::JsonValue make_patch(const std::vector<DifferingMember>& members);
// What the patch makes of the base; nullopt when it does not fit.
std::optional<wire::JsonValue> apply_patch(const wire::JsonValue& base,
                                           const wire::JsonValue& patch);

}  // namespace rap::snapshot
