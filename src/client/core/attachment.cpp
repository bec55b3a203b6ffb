#include "client/core/attachment.hpp"

#include <utility>

#include "base/try.hpp"
#include "client/core/api_types.hpp"

namespace rap::client {
namespace {

constexpr std::uint16_t kWssPort = 443;

using Answer = op::CreateSessionAnswer;

// A candidate that is not to be used is nullopt.
std::optional<Candidate> candidate(const Answer::CandidatesItem& item) {
  if (item.tls_trust_mode != "platform_ca" || !item.production_trusted || item.smoke_only) {
    return std::nullopt;
  }
  auto url = wire::parse_url(item.url, "wss", kWssPort);
  const auto cluster = ClusterId::parse(item.tls_cluster);
  const auto worker = NodeId::parse(item.tls_worker);
  if (!url || !cluster || !worker) return std::nullopt;
  return Candidate{std::move(*url), item.token, *cluster, *worker};
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
  if (a.candidates.empty()) {
    return fail(ExitCode::unreachable,
                "No trusted entry to the fabric is available. Ask your platform owner.");
  }
  std::optional<GivenDenyList> given;
  if (const auto& list = answer.deny_list) given = {list->envelope, list->signer};
  RAP_TRY(account.deny_lists->take(given, account.roots_pem, a.candidates.front().cluster, now));
  return a;
}

}  // namespace rap::client
