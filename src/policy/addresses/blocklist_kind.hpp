// What may be blocklisted (CP-4): an IP address or a block of them, a device, a user. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::policy {

enum class BlocklistKind : std::uint8_t { ip, device, user };
inline constexpr std::array<std::string_view, 3> kBlocklistKindNames = {"ip", "device", "user"};

constexpr std::string_view to_string(BlocklistKind kind) {
  return name_in(kBlocklistKindNames, kind);
}
constexpr std::optional<BlocklistKind> blocklist_kind_from(std::string_view name) {
  return value_in<BlocklistKind>(kBlocklistKindNames, name);
}

// A wider block is a slip of the finger that locks everybody out.
inline constexpr unsigned kWidestBlockV4 = 8;
inline constexpr unsigned kWidestBlockV6 = 16;

// Returns the one form of a value of this kind: a prefix as policy::IpPrefix writes it, a UUID. The
// error is a sentence.
std::expected<std::string, std::string> blocklist_value(BlocklistKind kind, std::string_view text);

}  // namespace rap::policy
