// Devices: the installations of the client that people sign in with, each known by its key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/name_table.hpp"
#include "base/time.hpp"
#include "control/core/problem.hpp"
#include "control/http/schema.hpp"

namespace rap::control {

inline constexpr std::int64_t kMaxDeviceName = 64;  // bytes
// The devices of one person; beyond them the one that was longest away is forgotten, those to be
// approved first.
inline constexpr std::size_t kMaxDevicesPerUser = 64;

// What a sign-in needs of its device.
enum class DevicePolicy : std::uint8_t {
  any,       // nothing: a sign-in without a device starts sessions too
  proven,    // a sign-in without a device starts none
  approved,  // nor does a device sign in that nobody has approved; a bare bearer opens the metrics
};
inline constexpr std::array<std::string_view, 3> kDevicePolicyNames = {"any", "proven", "approved"};

struct Device {
  DeviceId id;
  UserId user;
  std::string user_email;
  std::string name;  // what it calls itself
  WallTime first_seen{};
  WallTime last_seen{};  // signing in
  bool approved = false;
  bool blocked = false;  // on the blocklist of this cluster
};

Fields device_fields();
nlohmann::json to_json(const Device& device);

// A device that signs in.
struct SignInDevice {
  DeviceId id;
  Bytes key;
  std::string name;
};

// What is known of a device of a person, at one moment.
struct DeviceStanding {
  bool approved = false;
  bool blocked = false;
};

struct SeenDevice {
  bool is_new = false;  // to this person
  DeviceStanding standing;
  std::vector<DeviceId> forgotten;  // they were too many; no sign-in of theirs is to outlive them
};

// The refusal of who signed in without a device.
std::unexpected<Problem> device_required();
// Refuses a device that may not be served, to the person who is on it.
Outcome<void> check_device(const DeviceStanding& standing, DeviceId device,
                           const std::string& email, DevicePolicy policy);

// Used under the platform's scope, in the cluster whose blocklist counts.
class DeviceRepository {
 public:
  virtual ~DeviceRepository() = default;
  // A new one is approved as `approve_new` says.
  virtual SeenDevice see(UserId user, const SignInDevice& device, WallTime now,
                         bool approve_new) = 0;
  // Did the user sign in on it before, and is it not blocked?
  virtual bool is_known(UserId user, DeviceId device, WallTime now) = 0;
  virtual std::vector<Device> list(std::optional<UserId> user, WallTime now) = 0;
  // The people with whom it signed in; those whose account is gone are left out. No sign-in on it
  // begins or ends until the transaction does.
  virtual std::vector<Device> find_locked(DeviceId device, WallTime now) = 0;
  // Writes down that the proof was used for a change, for every server of the database. False: it
  // was used already. What is `alone` in its transaction waits for no disk: it may be lost when the
  // database's host crashes in that moment.
  virtual bool use_proof(TokenId proof, WallTime until, bool alone) = 0;
  virtual void forget_proofs(WallTime now) = 0;  // those that lasted until then
  virtual void lock(DeviceId device) = 0;  // the same lock, for whoever only ends its sign-ins
  // Approves it for this person alone: whoever else waits with that key goes on waiting. False:
  // they never signed in with it.
  virtual bool approve(UserId user, DeviceId device, WallTime now) = 0;
  virtual bool remove(UserId user, DeviceId device) = 0;  // false: it is none of theirs
};

}  // namespace rap::control
