// What changed in a node's configuration since the one it has (SN-2): a JSON Patch (RFC 6902) from
// one version to the other, each with its hash, signed like a configuration but as a type of its
// own.
//
// It carries the signatures of the whole configuration too: who applies it ends up with the very
// envelope that would have come in full, and verifies that as ever.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::snapshot {

inline constexpr std::string_view kIncrementType = "application/vnd.rap.node-config-increment+json";
inline constexpr std::size_t kMaxPatchOperations = 65'536;

struct Increment {
  ClusterId cluster = {};
  NodeId node = {};
  std::uint64_t base_version = 0;
  crypto::Sha256 base_sha256{};  // of the configuration's text
  std::uint64_t version = 0;
  crypto::Sha256 sha256{};
  std::string signatures = {};  // of the result's envelope, as JSON
  std::string patch = {};       // add, remove and replace only, as JSON
  bool operator==(const Increment&) const = default;
};

std::string to_json(const Increment& increment);
std::expected<Increment, std::string> parse_increment(std::string_view json);

// From two texts that to_json() made; small when items of sorted lists came or went.
std::string make_patch(std::string_view base, std::string_view result);
// The text that the patch makes of the base; nullopt when it does not fit.
std::optional<std::string> apply_patch(std::string_view base, std::string_view patch);

// The `signatures` of an envelope, and the envelope of a payload with such signatures.
std::string signatures_of(std::string_view envelope);
std::string envelope_of(std::string_view payload_type, std::string_view payload,
                        std::string_view signatures);

}  // namespace rap::snapshot
