#include "control/nodes/administration/node_reply.hpp"

#include "control/http/json_reply.hpp"
#include "control/nodes/notices/notice.hpp"
#include "policy/roles.hpp"

namespace rap::control {
namespace {

// The node says so itself, of a drain it knows of.
bool is_drained(const Node& n) {
  if (!n.draining) return false;
  const Json observations = parse_stored(n.observations);
  const auto said = [&](const char* name) {
    const auto it = observations.find(name);
    return it != observations.end() && it->is_boolean() && it->get<bool>();
  };
  return said("draining") && said("drained");
}

Json sides_of(const DisabledBy& by) {
  Json sides = Json::array();
  if (by.platform) sides.push_back(to_string(NodeSide::platform));
  if (by.organization) sides.push_back(to_string(NodeSide::organization));
  return sides;
}

}  // namespace

Fields node_fields() {
  using namespace field;
  return {uuid("id"),
          field::name("name"),
          uuid("organization_id").optional(),
          field::name("organization").optional(),
          choice("state", kNodeStateNames),
          text_list("disabled_by", kNodeSideNames).optional(),
          text_list("roles", policy::kNodeRoleNames),
          text("data_plane_advertise"),
          text("fabric_advertise"),
          time("created_at"),
          of("draining", FieldType::boolean),
          time("drain_deadline").optional(),
          of("drained", FieldType::boolean),
          time("last_seen_at").optional(),
          of("versions", FieldType::free_object),
          of("metrics", FieldType::free_object),
          of("metadata", FieldType::free_object),
          count("config_version"),
          count("wanted_config_version"),
          text("config_error", 4096).optional(),
          integer("clock_skew_s", INT64_MIN, INT64_MAX).optional(),
          list("notices", std::ssize(kNoticeNames), notice_fields())};
}

Json to_json(const Node& n, WallTime now) {
  Json roles = Json::array();
  for (policy::NodeRole role : n.roles) roles.push_back(to_string(role));
  Json out = {{"id", n.id.str()},
              {"name", n.name},
              {"state", to_string(n.state)},
              {"roles", std::move(roles)},
              {"data_plane_advertise", n.data_plane_advertise},
              {"fabric_advertise", n.fabric_advertise},
              {"created_at", to_unix(n.created_at)},
              {"draining", n.draining},
              {"drained", is_drained(n)},
              {"versions", parse_stored(n.versions)},
              {"metrics", parse_stored(n.metrics)},
              {"metadata", parse_stored(n.metadata)},
              {"config_version", n.acked_config_version},
              {"wanted_config_version", n.wanted_config_version},
              {"notices", to_json(notices_of(n, now))}};
  if (n.organization) {
    out["organization_id"] = n.organization->str();
    out["organization"] = n.organization_name;
  }
  if (n.disabled_by.anybody()) out["disabled_by"] = sides_of(n.disabled_by);
  if (n.drain_deadline) out["drain_deadline"] = to_unix(*n.drain_deadline);
  if (n.checked_in_at > WallTime{}) out["last_seen_at"] = to_unix(n.checked_in_at);
  if (const auto skew = clock_skew_of(n)) out["clock_skew_s"] = skew->count();
  if (!n.config_error.empty()) out["config_error"] = n.config_error;
  return out;
}

}  // namespace rap::control
