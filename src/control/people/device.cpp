#include "control/people/device.hpp"

#include <nlohmann/json.hpp>

namespace rap::control {

Fields device_fields() {
  using namespace field;
  return {uuid("id"),
          email("user"),
          text("name", kMaxDeviceName),
          time("first_seen"),
          time("last_seen"),
          of("approved", FieldType::boolean),
          of("blocked", FieldType::boolean)};
}

std::unexpected<Problem> device_required() {
  return refuse(ProblemCode::device_required,
                "This sign-in proved no device, which the platform asks for. Run 'rap login' with "
                "a current rap; see 'Devices' in the operations guide for other clients.");
}

Outcome<void> check_device(const DeviceStanding& standing, DeviceId device,
                           const std::string& email, DevicePolicy policy) {
  if (standing.blocked) {
    return refuse(ProblemCode::blocklisted, "The platform does not serve this device (" +
                                                device.str() + "). Ask your administrator.");
  }
  if (policy == DevicePolicy::approved && !standing.approved) {
    return refuse(ProblemCode::device_not_approved,
                  "Nobody has approved this device for you yet. Ask an administrator to run 'rap "
                  "admin devices approve " +
                      device.str() + " " + email + "', then sign in again.");
  }
  return {};
}

nlohmann::json to_json(const Device& d) {
  return {{"id", d.id.str()},
          {"user", d.user_email},
          {"name", d.name},
          {"first_seen", to_unix(d.first_seen)},
          {"last_seen", to_unix(d.last_seen)},
          {"approved", d.approved},
          {"blocked", d.blocked}};
}

}  // namespace rap::control
