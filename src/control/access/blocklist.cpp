#include "control/access/blocklist.hpp"

#include <nlohmann/json.hpp>

#include "policy/addresses/ip_address.hpp"

namespace rap::control {

Fields blocklist_fields() {
  using namespace field;
  return {choice("kind", policy::kBlocklistKindNames), text("value"), time("expires_at").optional(),
          text("reason", kMaxBlocklistReason), time("changed_at")};
}

nlohmann::json to_json(const BlocklistEntry& e) {
  nlohmann::json out = {{"kind", to_string(e.kind)},
                        {"value", e.value},
                        {"reason", e.reason},
                        {"changed_at", to_unix(e.changed_at)}};
  if (e.expires_at) out["expires_at"] = to_unix(*e.expires_at);
  return out;
}

Outcome<void> check_blocklist(Transaction& tx, const Call& call) {
  const auto address = policy::IpAddress::parse(call.request.peer_ip);
  const auto found = tx.blocklist().find(
      {call.caller->id, call.caller->device, address ? address->unmapped().str() : ""}, call.now);
  if (!found) return {};
  constexpr std::string_view kWhat[policy::kBlocklistKindNames.size()] = {
      "the address you come from", "this device", "your account"};
  return refuse(ProblemCode::blocklisted, "The platform does not serve " +
                                              std::string(kWhat[static_cast<int>(*found)]) +
                                              ". Ask your administrator.");
}

}  // namespace rap::control
