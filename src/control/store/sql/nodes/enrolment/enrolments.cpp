#include "control/store/sql/nodes/enrolment/enrolments.hpp"

#include "control/core/listing.hpp"

namespace rap::store {
namespace {

using control::Enrolment;

constexpr std::string_view kSelectEnrolment =
    "SELECT e.id, e.node_id, n.name, e.join_token_id, e.csr, e.poll_secret_sha256, e.seal_key, "
    "e.data_plane_advertise, e.fabric_advertise, e.metadata, e.source_ip, e.state, e.created_at, "
    "e.decided_at, e.certificate_pem, e.cluster_id, n.organization_id, "
    "(SELECT o.name FROM organizations o WHERE o.id = n.organization_id) "
    "FROM enrolments e JOIN nodes n ON n.id = e.node_id ";

Enrolment enrolment_of(const Row& row) {
  Enrolment e;
  e.id = row.id<EnrolmentId>(0);
  e.node = row.id<NodeId>(1);
  e.node_name = row.text(2);
  e.join_token = row.id<JoinTokenId>(3);
  e.csr = row.text(4);
  e.poll_secret_sha256 = row.bytes32(5);
  e.seal_key = row.bytes32(6);
  e.data_plane_advertise = row.text(7);
  e.fabric_advertise = row.text(8);
  e.metadata = row.text(9);
  e.source_ip = row.text(10);
  e.state = wire::enrolment_state_from(row.text(11)).value_or(control::EnrolmentState::denied);
  e.created_at = row.time(12);
  e.decided_at = row.maybe_time(13);
  e.certificate_pem = row.text(14);
  e.cluster = row.id<ClusterId>(15);
  if (!row.is_null(16)) e.organization = row.id<OrganizationId>(16);
  e.organization_name = row.text(17);
  return e;
}

std::optional<Enrolment> first_enrolment(const Rows& rows) {
  return rows.empty() ? std::nullopt : std::optional(enrolment_of(rows[0]));
}

}  // namespace

void SqlEnrolments::create(const Enrolment& e) {
  sql_.query(
      "INSERT INTO enrolments (id, node_id, join_token_id, csr, poll_secret_sha256, seal_key, "
      "data_plane_advertise, fabric_advertise, metadata, source_ip, state, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
      e.id, e.node, e.join_token, e.csr, e.poll_secret_sha256, e.seal_key, e.data_plane_advertise,
      e.fabric_advertise, e.metadata, e.source_ip, to_string(e.state), e.created_at);
}

std::optional<Enrolment> SqlEnrolments::find_and_lock(std::string_view text) {
  const auto id = EnrolmentId::parse(text);
  if (!id) return std::nullopt;
  return first_enrolment(
      sql_.query(std::string(kSelectEnrolment) + "WHERE e.id = $1 FOR UPDATE OF e", *id));
}

std::optional<Enrolment> SqlEnrolments::of_token(JoinTokenId token) {
  return first_enrolment(
      sql_.query(std::string(kSelectEnrolment) + "WHERE e.join_token_id = $1", token));
}

std::vector<Enrolment> SqlEnrolments::list(std::optional<control::EnrolmentState> state,
                                           std::optional<OrganizationId> organization) {
  const std::optional<std::string> wanted =
      state ? std::optional(std::string(to_string(*state))) : std::nullopt;
  std::vector<Enrolment> out;
  for (const Row& row : sql_.query(std::string(kSelectEnrolment) +
                                       "WHERE ($1::text IS NULL OR e.state = $1) "
                                       "AND ($3::uuid IS NULL OR n.organization_id = $3) "
                                       "ORDER BY e.created_at DESC, e.id LIMIT $2",
                                   wanted, control::kMaxListed, organization)) {
    out.push_back(enrolment_of(row));
  }
  return out;
}

void SqlEnrolments::decide(const Enrolment& e, UserId by) {
  const std::optional<std::string> certificate =
      e.certificate_pem.empty() ? std::nullopt : std::optional(e.certificate_pem);
  sql_.query(
      "UPDATE enrolments SET state = $2, decided_at = $3, decided_by = $4, "
      "certificate_pem = $5 WHERE id = $1",
      e.id, to_string(e.state), e.decided_at, by, certificate);
}

void SqlEnrolments::adopt(const Enrolment& enrolment) {
  sql_.query(
      "UPDATE nodes SET seal_key = $2, data_plane_advertise = $3, fabric_advertise = $4 "
      "WHERE id = $1",
      enrolment.node, enrolment.seal_key, enrolment.data_plane_advertise,
      enrolment.fabric_advertise);
}

}  // namespace rap::store
