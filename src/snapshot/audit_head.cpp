#include "snapshot/audit_head.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/tokens/dsse.hpp"
#include "wire/json_reader.hpp"

namespace rap::snapshot {

std::string seal_audit_head(const AuditHead& head, std::string_view kid,
                            const crypto::PrivateKey& key) {
  const nlohmann::json payload = {{"at", to_unix(head.at)},
                                  {"cluster", head.cluster.str()},
                                  {"hash", to_hex(head.hash)},
                                  {"seq", head.seq}};
  const std::string text = payload.dump();
  return crypto::seal_envelope(key, kid, kAuditHeadType, as_bytes(text));
}

std::optional<AuditHead> open_audit_head(std::string_view envelope,
                                         const std::vector<crypto::VerificationKey>& keys) {
  if (envelope.size() > kMaxAuditHeadBytes) return std::nullopt;
  const auto payload = crypto::open_envelope(envelope, kAuditHeadType, keys);
  if (!payload) return std::nullopt;
  const auto value =
      wire::parse_strict_json({reinterpret_cast<const char*>(payload->data()), payload->size()});
  if (!value) return std::nullopt;
  wire::JsonFault fault;
  wire::JsonReader in(*value, "", fault);
  AuditHead head;
  head.at = from_unix(in.integer("at", 0, INT64_MAX / 2));
  head.cluster = in.id<ClusterId>("cluster");
  const auto hash = from_hex(in.text("hash", 2 * head.hash.size()));
  head.seq = static_cast<std::uint64_t>(in.integer("seq", 1, INT64_MAX));
  in.finish();
  if (fault.any() || !hash || hash->size() != head.hash.size()) return std::nullopt;
  std::ranges::copy(*hash, head.hash.begin());
  return head;
}

}  // namespace rap::snapshot
