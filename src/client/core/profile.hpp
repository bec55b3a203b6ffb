// Who is signed in where: profile.json, and the roots the platform is verified with: ca.pem.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "client/core/deny_list_store.hpp"
#include "client/core/device_key.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "wire/url.hpp"

namespace rap::client {

inline constexpr std::string_view kProfileFile = "profile.json";
inline constexpr std::string_view kRootsFile = "ca.pem";
inline constexpr std::string_view kBundleVersionFile = "ca.version";  // of the roots in it
inline constexpr std::string_view kKnownHostsFile = "known_hosts";
inline constexpr std::uint16_t kDefaultServerPort = 443;

struct Profile {
  std::string server;  // "https://host:port"
  std::string email;
  std::string token;  // the bearer; empty after logout
  std::int64_t expires_at = 0;

  bool operator==(const Profile&) const = default;
};

std::string to_json(const Profile& profile);
std::optional<Profile> parse_profile(std::string_view json);

// "https://host[:port]", or just "host[:port]".
std::optional<wire::Url> parse_server(std::string_view text);

// The profile is nullopt when nobody ever signed in here.
Fallible<std::optional<Profile>> load_profile(Home& home);
Fallible<void> save_profile(Home& home, const Profile& profile);

// Everything an authenticated request needs. Who is not signed in is told what to do.
struct Account {
  Profile profile;
  wire::HostPort server;
  std::string roots_pem;
  std::shared_ptr<DenyListStore> deny_lists = nullptr;  // of this home; never null from signed_in()
  std::shared_ptr<const DeviceKey> device = nullptr;  // of this home, if it has one
};
Fallible<Account> signed_in(Home& home, WallTime now);

}  // namespace rap::client
