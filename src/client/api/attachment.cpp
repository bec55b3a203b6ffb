#include "client/api/attachment.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "client/api/api_types.hpp"

namespace rap::client {
namespace {

constexpr std::uint16_t kWssPort = 443;

using Answer = op::CreateSessionAnswer;

std::optional<TrustMode> trust_mode_from(std::string_view name) {
  if (name == "platform_ca") return TrustMode::platform_ca;
  if (name == "public_ca") return TrustMode::public_ca;
  return std::nullopt;
}

std::vector<crypto::Sha256> keys_of(const Answer::CandidatesItem& item) {
  std::vector<crypto::Sha256> keys;
  for (const std::string& text : item.tls_keys) {
    const auto raw = from_hex(text);
    crypto::Sha256 key{};
    if (!raw || raw->size() != key.size() || keys.size() == kMaxKeysOfEntry) continue;
    std::ranges::copy(*raw, key.begin());
    keys.push_back(key);
  }
  return keys;
}

std::optional<crypto::ClientKey> raw_key(const std::string& text) {
  const auto raw = from_base64url(text);
  crypto::ClientKey key{};
  if (!raw || raw->size() != key.size()) return std::nullopt;
  std::ranges::copy(*raw, key.begin());
  return key;
}

std::shared_ptr<const SealingTerms> terms_of(const Answer::Resume& resume) {
  SealingTerms terms;
  terms.grant = resume.grant;
  terms.expires_at = resume.expires_at;
  if (resume.hold_s) terms.hold = std::chrono::seconds{*resume.hold_s};
  for (const auto& item : resume.egresses) {
    const auto node = NodeId::parse(item.node);
    const auto key = raw_key(item.flow_key);
    if (!node || !key || terms.egresses.size() == kMaxKnownEgresses) continue;
    terms.egresses.push_back({*node, *key});
  }
  return std::make_shared<const SealingTerms>(std::move(terms));
}

// A candidate that is not to be used is nullopt.
std::optional<Candidate> candidate(const Answer::CandidatesItem& item) {
  const auto trust = trust_mode_from(item.tls_trust_mode);
  if (!trust || !item.production_trusted || item.smoke_only) return std::nullopt;
  auto url = wire::parse_url(item.url, "wss", kWssPort);
  const auto cluster = ClusterId::parse(item.tls_cluster);
  const auto worker = NodeId::parse(item.tls_worker);
  if (!url || !cluster || !worker) return std::nullopt;
  Candidate c{std::move(*url), item.token, *cluster, *worker};
  c.trust = *trust;
  if (c.trust == TrustMode::public_ca) c.keys = keys_of(item);
  for (const auto& more : item.more_tokens) {
    if (c.more_tokens.size() + 1 < kMaxFlowsPerAttachment) c.more_tokens.push_back(more.token);
  }
  return c;
}

}  // namespace

Fallible<Attachment> read_attachment(const nlohmann::json& json, Account& account, WallTime now) {
  const auto answer = RAP_TRY(op::as<Answer>(json));
  const Answer::Session& session = answer.session;
  Attachment a;
  a.session_id = session.id;
  a.organization = session.organization.name;
  a.resource_id = session.resource.id;
  a.resource = session.resource.name;
  a.protocol = session.resource.protocol;
  if (const auto& key = session.resource.ssh_host_key; key && !key->empty()) a.ssh_host_key = key;
  a.token_expires_at = answer.token_expires_at;
  for (const std::string& name : answer.classes) {
    if (const auto c = wire::traffic_class_from(name)) a.classes.add(*c);
  }
  for (const auto& item : answer.candidates) {
    auto usable = candidate(item);
    if (usable && a.candidates.size() < kMaxCandidates) a.candidates.push_back(std::move(*usable));
  }
  a.resume = terms_of(answer.resume);
  if (a.candidates.empty()) {
    return fail(ExitCode::unreachable,
                "No trusted entry to the fabric is available. Ask your platform owner.");
  }
  std::optional<GivenDenyList> given;
  if (const auto& list = answer.deny_list) given = {list->envelope, list->signer};
  RAP_TRY(account.deny_lists->take(given, account.roots_pem, a.candidates.front().cluster, now));
  return a;
}

std::vector<Attachment> for_each_flow(const Attachment& attachment) {
  Attachment bare = attachment;
  for (Candidate& candidate : bare.candidates) candidate.more_tokens.clear();
  std::vector<Attachment> flows = {bare};
  bare.candidates.clear();
  for (const Candidate& candidate : attachment.candidates) {
    for (std::size_t i = 0; i < candidate.more_tokens.size(); ++i) {
      if (flows.size() == i + 1) flows.push_back(bare);
      Candidate one = candidate;
      one.token = candidate.more_tokens[i];
      one.more_tokens.clear();
      flows[i + 1].candidates.push_back(std::move(one));
    }
  }
  return flows;
}

}  // namespace rap::client
