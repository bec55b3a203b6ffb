// What a backup says of itself: of which platform it is, of when, and what can read it. It is shown
// to the person who decides whether to believe it: every text in it is printable ASCII.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::backup {

using BackupId = Id<struct BackupTag>;

inline constexpr std::size_t kMaxManifestBytes = std::size_t{16} * 1024;
inline constexpr int kMaxSchema = 1'000'000;
inline constexpr std::size_t kMaxFiles = 4096;
inline constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 33;  // of all of them

struct Manifest {
  BackupId id;
  ClusterId cluster;
  WallTime made_at{};
  std::string host;  // on which it was made
  std::string version;  // of the rap-control that made it
  int schema = 0;  // the last migration of its database
  std::uint64_t audit_seq = 0;  // the newest entry of its audit log
  crypto::Sha256 audit_hash{};
  std::string root_sha256;  // of the root's certificate, as people know it: lower-case hex
  std::uint64_t files = 0;  // that follow
  std::uint64_t file_bytes = 0;  // of their content

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// What is not printable in a text is replaced.
std::string to_json(const Manifest& manifest);
std::expected<Manifest, std::string> parse_manifest(std::string_view json);

}  // namespace rap::backup
