#include "control/pki/status/deny_list_publication.hpp"

#include "control/http/json_reply.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "snapshot/public_deny_list.hpp"

namespace rap::control {
namespace {

using crypto::DenyEntry;

// The key too, where it is the key or the node that is not trusted any more.
bool is_key_denied(const RevokedCertificate& c) {
  return c.key_revoked || c.holder == HolderState::revoked;
}

std::optional<std::vector<DenyEntry>> entries_of(Transaction& tx, WallTime now) {
  constexpr std::size_t kMost = crypto::DenyList::kMaxEntries;
  const auto revoked =
      tx.certificates().revoked(CertificateRepository::Met::by_clients, now, kMost + 1);
  std::vector<DenyEntry> entries;
  for (const RevokedCertificate& c : revoked) {
    if (const auto issuer = digest_of(c.issuer_sha256)) {
      entries.push_back(
          {.kind = DenyEntry::Kind::certificate, .issuer = *issuer, .serial = c.serial});
    }
    const auto key = is_key_denied(c) ? digest_of(c.key_sha256) : std::nullopt;
    if (key) entries.push_back({.kind = DenyEntry::Kind::key, .key = *key});
  }
  if (entries.size() > kMost) return std::nullopt;
  return entries;
}

std::optional<Edition> edit(Transaction& tx, const std::shared_ptr<const Authority>& authority,
                            WallTime now) {
  auto entries = entries_of(tx, now);
  if (!entries) return std::nullopt;
  const crypto::Issuer& signer = authority->intermediate;
  const std::string said = signer.certificate.fingerprint_hex() + snapshot::content_of(*entries);
  return Edition{crypto::sha256_hex(as_bytes(said)),
                 [authority, now, entries = std::move(*entries)](std::uint64_t version) {
                   const snapshot::PublicDenyList list{version, authority->cluster, now,
                                                       now + kDenyListValidity, entries};
                   return Json{
                       {"version", version},
                       {"envelope", snapshot::seal_deny_list(list, authority->intermediate)},
                       {"signer", authority->intermediate.certificate.pem()}}
                       .dump();
                 }};
}

Outcome<Reply> show(StatusPorts& ports, const Call& call) {
  return transact(ports.database, call.cluster_scope(), [&](Transaction& tx) -> Outcome<Reply> {
    const auto list = public_deny_list(ports.authority, ports.log, tx, call.now);
    if (!list) {
      return refuse(ProblemCode::too_many_revocations,
                    "More certificates are revoked than the list may hold; it empties "
                    "itself as they expire.");
    }
    return reply(parse_stored(list->body));
  });
}

}  // namespace

std::optional<Publication> public_deny_list(const CurrentAuthority& current, Log& log,
                                            Transaction& tx, WallTime now, std::uint64_t but_not) {
  const auto authority = current.get();
  auto list = newest(tx,
                     {.name = "deny-list",
                      .refresh = kDenyListRefresh,
                      .edit = [&](Transaction& t) { return edit(t, authority, now); }},
                     now, but_not);
  if (!list)
    log.error(LogCause::stranger({}), "deny_list.too_large",
              {{"limit", crypto::DenyList::kMaxEntries}});
  return list;
}

Fields deny_list_fields() {
  using namespace field;
  return {count("version"), text("envelope", snapshot::kMaxPublicDenyListBytes),
          text("signer", 8192)};
}

std::vector<RouteOf<StatusPorts>> deny_list_routes() {
  return {{{.method = "GET",
            .path = "/api/v1/deny-list",
            .operation = "getDenyList",
            .summary = "The revoked certificates that clients could meet, signed by the "
                       "intermediate, which comes along",
            .access = policy::Access::signed_in,
            .query = {},
            .body = {},
            .answer = {200, deny_list_fields()}},
           show}};
}

}  // namespace rap::control
