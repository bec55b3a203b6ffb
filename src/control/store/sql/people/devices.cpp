#include "control/store/sql/people/devices.hpp"

#include "control/core/listing.hpp"
#include "control/store/postgres/rows_read.hpp"

namespace rap::store {
namespace {

using control::Device;

std::string select_devices(std::string_view rest) {
  return "SELECT d.id, d.user_id, u.email, d.name, d.first_seen, d.last_seen, "
         "d.approved_at IS NOT NULL, " +
         std::string(kDeviceIsBlocked) +
         " FROM devices d JOIN users u ON u.id = d.user_id WHERE u.removed_at IS NULL " +
         std::string(rest);
}

Device device_of(const Row& row) {
  return {row.id<DeviceId>(0), row.id<UserId>(1), row.text(2),    row.text(3),
          row.time(4),         row.time(5),       row.boolean(6), row.boolean(7)};
}

}  // namespace

control::SeenDevice SqlDevices::see(UserId user, const control::SignInDevice& device, WallTime now,
                                    bool approve_new) {
  const Rows known = sql_.query(
      "UPDATE devices SET last_seen = greatest(last_seen, $3), name = $4 "
      "WHERE user_id = $1 AND id = $2",
      user, device.id, now, device.name);
  control::SeenDevice seen;
  seen.is_new = known.affected() == 0;
  if (seen.is_new) {
    // The one that waited here, of two that come together, finds it known.
    const Rows added = sql_.query(
        "INSERT INTO devices (user_id, id, public_key, name, first_seen, last_seen, approved_at) "
        "VALUES ($1, $2, $3, $4, $5, $5, CASE WHEN $6::boolean THEN $5::bigint END) "
        "ON CONFLICT DO NOTHING",
        user, device.id, device.key, device.name, now, approve_new);
    seen.is_new = added.affected() == 1;
    // Who makes a key for each sign-in fills no table and drives out nothing that was approved.
    const Rows forgotten = sql_.query(
        "DELETE FROM devices WHERE user_id = $1 AND id <> $2 AND id IN (SELECT id FROM devices "
        "WHERE user_id = $1 AND id <> $2 "
        "ORDER BY approved_at IS NULL, last_seen DESC, id OFFSET $3) RETURNING id",
        user, device.id, control::kMaxDevicesPerUser - 1);
    for (const Row& row : forgotten) seen.forgotten.push_back(row.id<DeviceId>(0));
  }
  const Rows state = sql_.query("SELECT approved_at IS NOT NULL, " + std::string(kDeviceIsBlocked) +
                                    " FROM devices d WHERE d.user_id = $2 AND d.id = $3",
                                now, user, device.id);
  if (!state.empty()) {
    seen.standing = {.approved = state[0].boolean(0), .blocked = state[0].boolean(1)};
  }
  return seen;
}

bool SqlDevices::is_known(UserId user, DeviceId device, WallTime now) {
  return !sql_.query("SELECT FROM devices d WHERE d.user_id = $2 AND d.id = $3 AND NOT " +
                         std::string(kDeviceIsBlocked),
                     now, user, device)
              .empty();
}

std::vector<Device> SqlDevices::list(std::optional<UserId> user, WallTime now) {
  return all_of(sql_.query(select_devices("AND d.user_id = coalesce($2, d.user_id) "
                                          "ORDER BY d.last_seen DESC, u.email, d.id LIMIT $3"),
                           now, user, control::kMaxListed),
                device_of);
}

std::vector<Device> SqlDevices::find_locked(DeviceId device, WallTime now) {
  return all_of(sql_.query(select_devices("AND d.id = $2 ORDER BY u.email LIMIT $3 "
                                          "FOR UPDATE OF d"),
                           now, device, control::kMaxListed),
                device_of);
}

bool SqlDevices::use_proof(TokenId proof, WallTime until, bool alone) {
  return sql_.query(
                 "INSERT INTO used_proofs (id, until) SELECT $1::uuid, $2::bigint FROM "
                 "(SELECT CASE WHEN $3::boolean THEN "
                 "set_config('synchronous_commit', 'off', true) END OFFSET 0) spared "
                 "ON CONFLICT DO NOTHING",
                 proof, until, alone)
             .affected() == 1;
}

void SqlDevices::forget_proofs(WallTime now) {
  sql_.query("DELETE FROM used_proofs WHERE until <= $1", now);
}

void SqlDevices::lock(DeviceId device) {
  // The order is that of find_locked(), so that two who lock do not wait for each other.
  sql_.query(
      "SELECT d.id FROM devices d JOIN users u ON u.id = d.user_id "
      "WHERE d.id = $1 AND u.removed_at IS NULL ORDER BY u.email FOR UPDATE OF d",
      device);
}

bool SqlDevices::approve(UserId user, DeviceId device, WallTime now) {
  return sql_.query(
                 "UPDATE devices SET approved_at = coalesce(approved_at, $3) "
                 "WHERE user_id = $1 AND id = $2",
                 user, device, now)
             .affected() == 1;
}

bool SqlDevices::remove(UserId user, DeviceId device) {
  return sql_.query("DELETE FROM devices WHERE user_id = $1 AND id = $2", user, device)
             .affected() == 1;
}

}  // namespace rap::store
