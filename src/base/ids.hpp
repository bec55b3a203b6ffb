// Identifiers as types: a NodeId is not a UserId. Each is a 128-bit UUID (RFC 9562, version 4),
// written in lower case.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace rap {

inline constexpr std::size_t kUuidBytes = 16;
inline constexpr std::size_t kUuidTextBytes = 36;  // with its hyphens
using Uuid = std::array<std::uint8_t, kUuidBytes>;

// Makes random bytes a UUID of that version (RFC 9562 §4): four bits say it, and two the variant.
constexpr Uuid with_uuid_version(Uuid b, std::uint8_t version) {
  constexpr std::size_t kVersionByte = 6;
  constexpr std::size_t kVariantByte = 8;
  b[kVersionByte] = static_cast<std::uint8_t>((b[kVersionByte] & 0x0f) | version << 4);
  b[kVariantByte] = static_cast<std::uint8_t>((b[kVariantByte] & 0x3f) | 0x80);
  return b;
}

std::string format_uuid(const Uuid& b);
std::optional<Uuid> parse_uuid(std::string_view s);  // lower case, 36 chars

template <class Tag>
class Id {
 public:
  Id() = default;  // the nil UUID
  explicit Id(const Uuid& b) : bytes_(b) {}

  static Id random(RandomSource& rng) {
    constexpr std::uint8_t kRandomVersion = 4;
    Uuid b;
    rng.fill(b);
    return Id(with_uuid_version(b, kRandomVersion));
  }
  static std::optional<Id> parse(std::string_view s) {
    auto b = parse_uuid(s);
    if (!b) return std::nullopt;
    return Id(*b);
  }

  std::string str() const { return format_uuid(bytes_); }
  const Uuid& bytes() const { return bytes_; }
  bool is_nil() const { return *this == Id{}; }

  auto operator<=>(const Id&) const = default;

 private:
  Uuid bytes_{};
};

using ClusterId = Id<struct ClusterTag>;
using NodeId = Id<struct NodeTag>;
using OrganizationId = Id<struct OrganizationTag>;
using UserId = Id<struct UserTag>;
using ResourceId = Id<struct ResourceTag>;
using EgressPoolId = Id<struct EgressPoolTag>;
using SessionId = Id<struct SessionTag>;  // an access session (DP-4)
using AttachmentId = Id<struct AttachmentTag>;  // one client's attachment to a session
using JoinTokenId = Id<struct JoinTokenTag>;
using EnrolmentId = Id<struct EnrolmentTag>;
using ChannelId = Id<struct ChannelTag>;
using TokenId = Id<struct TokenTag>;  // "jti" of a data-plane token
using DeviceId = Id<struct DeviceTag>;  // a digest of the key of one installation of the client

template <class SomeId>
SomeId read_id(ByteReader& from) {
  Uuid raw{};
  std::ranges::copy(from.raw(kUuidBytes), raw.begin());
  return SomeId(raw);
}

}  // namespace rap

template <class Tag>
struct std::hash<rap::Id<Tag>> {
  std::size_t operator()(const rap::Id<Tag>& id) const noexcept {
    // Version-4 UUIDs are random: any eight bytes without the version and variant bits will do.
    std::uint64_t v;
    std::memcpy(&v, id.bytes().data() + 8, sizeof v);
    std::uint64_t w;
    std::memcpy(&w, id.bytes().data(), sizeof w);
    return static_cast<std::size_t>(v ^ (w * 0x9e3779b97f4a7c15ULL));
  }
};
