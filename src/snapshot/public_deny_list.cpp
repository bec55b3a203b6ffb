#include "snapshot/public_deny_list.hpp"

#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/tokens/dsse.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "wire/json_reader.hpp"

namespace rap::snapshot {
namespace {

using crypto::DenyEntry;
using Json = nlohmann::json;

constexpr std::size_t kMaxIssuers = 8;
constexpr std::size_t kMaxSerialBytes = 40;  // hex of 20 octets
constexpr std::size_t kDigestBytes = 64;     // hex

Json json_of(const std::vector<DenyEntry>& entries) {
  std::map<std::string, std::vector<std::string>> serials;
  std::vector<std::string> keys;
  for (const DenyEntry& e : entries) {
    if (e.kind == DenyEntry::Kind::certificate) serials[to_hex(e.issuer)].push_back(e.serial);
    if (e.kind == DenyEntry::Kind::key) keys.push_back(to_hex(e.key));
  }
  Json issuers = Json::array();
  for (auto& [issuer, list] : serials) {
    std::ranges::sort(list);
    issuers.push_back({{"issuer", issuer}, {"serials", list}});
  }
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  return {{"issuers", std::move(issuers)}, {"keys", std::move(keys)}};
}

std::optional<crypto::Sha256> digest_in(std::string_view hex) {
  const auto bytes = from_hex(hex);
  crypto::Sha256 out{};
  if (!bytes || bytes->size() != out.size()) return std::nullopt;
  std::ranges::copy(*bytes, out.begin());
  return out;
}

bool read_issuer(wire::JsonReader& in, wire::JsonFault& fault, std::vector<DenyEntry>& out) {
  const auto issuer = digest_in(in.text("issuer", kDigestBytes));
  if (!issuer) return false;
  const Json& serials = in.array("serials", crypto::DenyList::kMaxEntries);
  for (std::size_t i = 0; i < serials.size(); ++i) {
    out.push_back({.kind = DenyEntry::Kind::certificate,
                   .issuer = *issuer,
                   .serial = in.item_text("serials", i, serials[i], kMaxSerialBytes)});
  }
  in.finish();
  return !fault.any();
}

std::optional<PublicDenyList> parse(std::string_view text) {
  const auto value = wire::parse_strict_json(text);
  if (!value) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader in(*value, "", fault);
  PublicDenyList list;
  list.version = static_cast<std::uint64_t>(in.integer("version", 1, INT64_MAX));
  list.cluster = in.id<ClusterId>("cluster");
  constexpr std::int64_t kMaxTime = std::int64_t{1} << 48;
  list.issued_at = from_unix(in.integer("issued_at", 0, kMaxTime));
  list.expires_at = from_unix(in.integer("expires_at", 0, kMaxTime));
  const Json& issuers = in.array("issuers", kMaxIssuers);
  for (std::size_t i = 0; i < issuers.size(); ++i) {
    wire::JsonReader one(issuers[i], in.item_path("issuers", i), fault);
    if (!read_issuer(one, fault, list.entries)) return std::nullopt;
  }
  const Json& keys = in.array("keys", crypto::DenyList::kMaxEntries);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto key = digest_in(in.item_text("keys", i, keys[i], kDigestBytes));
    if (!key) return std::nullopt;
    list.entries.push_back({.kind = DenyEntry::Kind::key, .key = *key});
  }
  in.finish();
  if (fault.any() || !crypto::DenyList::make(list.entries)) return std::nullopt;
  return list;
}

// Is it an intermediate of one of the roots, in force?
bool may_sign(const crypto::Certificate& signer, const std::vector<crypto::Certificate>& roots,
              WallTime now) {
  return signer.is_ca() && !signer.self_issued() &&
         crypto::verify_chain(signer, {}, roots, crypto::PeerSide::server, now).has_value();
}

}  // namespace

std::string_view to_string(DenyListFault fault) {
  switch (fault) {
    case DenyListFault::wrong_signer: return "wrong_signer";
    case DenyListFault::bad_envelope: return "bad_envelope";
    case DenyListFault::malformed: return "malformed";
    case DenyListFault::wrong_cluster: return "wrong_cluster";
    case DenyListFault::rolled_back: return "rolled_back";
    case DenyListFault::not_yet_valid: return "not_yet_valid";
    case DenyListFault::expired: return "expired";
  }
  return "";
}

std::string content_of(const std::vector<DenyEntry>& entries) { return json_of(entries).dump(); }

std::string seal_deny_list(const PublicDenyList& list, const crypto::Issuer& intermediate) {
  Json payload = json_of(list.entries);
  payload["version"] = list.version;
  payload["cluster"] = list.cluster.str();
  payload["issued_at"] = to_unix(list.issued_at);
  payload["expires_at"] = to_unix(list.expires_at);
  const std::string text = payload.dump();
  return crypto::seal_envelope(intermediate.key, intermediate.certificate.fingerprint_hex(),
                               kPublicDenyListType, as_bytes(text));
}

std::expected<PublicDenyList, DenyListFault> open_deny_list(std::string_view envelope,
                                                            std::string_view signer_pem,
                                                            const DenyListTrust& trust,
                                                            WallTime now) {
  const auto signer = crypto::Certificate::from_pem(signer_pem);
  if (!signer || !may_sign(*signer, trust.roots, now)) {
    return std::unexpected(DenyListFault::wrong_signer);
  }
  if (envelope.size() > kMaxPublicDenyListBytes) {
    return std::unexpected(DenyListFault::bad_envelope);
  }
  const auto payload = crypto::open_envelope(envelope, kPublicDenyListType,
                                             {{signer->fingerprint_hex(), signer->public_key()}});
  if (!payload) return std::unexpected(DenyListFault::bad_envelope);
  auto list = parse(as_text(*payload));
  if (!list) return std::unexpected(DenyListFault::malformed);
  if (trust.cluster && list->cluster != *trust.cluster) {
    return std::unexpected(DenyListFault::wrong_cluster);
  }
  if (list->version < trust.floor) return std::unexpected(DenyListFault::rolled_back);
  if (list->issued_at > now + kDenyListSkew) return std::unexpected(DenyListFault::not_yet_valid);
  if (now >= list->expires_at) return std::unexpected(DenyListFault::expired);
  return std::move(*list);
}

}  // namespace rap::snapshot
