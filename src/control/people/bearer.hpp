// Signed-in bearers: the token that a person's requests come with is known by its SHA-256 only.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "control/people/device.hpp"
#include "control/people/user.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::control {

inline constexpr std::chrono::seconds kBearerLifetime = std::chrono::hours{12};
inline constexpr std::size_t kDefaultBearersPerUser = 32;
inline constexpr std::size_t kMaxBearersPerUser = 1024;  // that may be asked for
inline constexpr std::size_t kBearerBytes = 32;
inline constexpr std::string_view kBearerPrefix = "rapst_";

// Why somebody else ended a bearer. Who holds it is told until it would have expired; of each
// person so many are remembered.
enum class SignInEnd : std::uint8_t {
  too_many_sign_ins,
  password_changed,
  password_reset,
  signed_out,
  account_disabled,
  account_removed,
  device_blocked,
  device_removed,
};
inline constexpr std::array<std::string_view, 8> kSignInEndNames = {
    "too_many_sign_ins", "password_changed", "password_reset", "signed_out",
    "account_disabled",  "account_removed",  "device_blocked", "device_removed"};
constexpr std::string_view to_string(SignInEnd e) { return name_in(kSignInEndNames, e); }
inline constexpr std::size_t kMaxEndedBearersPerUser = 64;

// What the holder of an ended bearer is told, and what to do next.
std::string_view sentence_of(SignInEnd end);

// What an Authorization header holds as a bearer token of this prefix; nullopt when that is none of
// ours.
std::optional<std::string_view> token_in(std::string_view authorization_header,
                                         std::string_view prefix);
// The bearer in an Authorization header; nullopt when there is none of ours in it.
std::optional<std::string_view> bearer_of(std::string_view authorization_header);
// The hash that it is known by.
std::optional<crypto::Sha256> bearer_sha256(std::string_view authorization_header);

// The device that signed in for a bearer and proves each request with it, as it stands now.
struct BearerDevice {
  DeviceId id;
  DeviceStanding standing;
};

struct FoundBearer {
  User user;
  std::optional<SignInEnd> ended;  // it is good unless this says why not, or the device's standing
  std::optional<BearerDevice> device;  // none: a bare bearer
};

struct NewBearer {
  crypto::Sha256 token;
  UserId user;
  std::optional<DeviceId> device;
  std::string source_ip;
  WallTime created_at{};
  WallTime expires_at{};
};

class BearerRepository {
 public:
  virtual ~BearerRepository() = default;
  // Adds it; the oldest beyond `max_per_user` end.
  virtual void add(const NewBearer& bearer, std::size_t max_per_user) = 0;
  // Looks in the cluster whose blocklist counts. A bearer whose device is gone has ended with it,
  // whatever was written of it.
  virtual std::optional<FoundBearer> find(const crypto::Sha256& token, WallTime now) = 0;
  // Where the living ones of the user were made: addresses, some of them twice.
  virtual std::vector<std::string> sources(UserId user, WallTime now) = 0;
  virtual void remove(const crypto::Sha256& token) = 0;
  // Ends all of the user but `kept`. Yields how many there were.
  virtual std::size_t end_all(UserId user, SignInEnd because,
                              std::optional<crypto::Sha256> kept = std::nullopt) = 0;
  // Ends those of a device: of everybody, or of one person.
  virtual std::size_t end_of_device(DeviceId device, SignInEnd because,
                                    std::optional<UserId> user = std::nullopt) = 0;
  virtual void purge_expired(WallTime now) = 0;
};

}  // namespace rap::control
