#include "client/core/deny_list_keeper.hpp"

#include <nlohmann/json.hpp>

#include "snapshot/public_deny_list.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

std::string text_of(const json& object, const char* member) {
  const auto it = object.is_object() ? object.find(member) : object.end();
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

snapshot::DenyListTrust trust_in(const std::string& roots_pem) {
  return {
      crypto::Certificate::chain_from_pem(roots_pem).value_or(std::vector<crypto::Certificate>{}),
      {},
      0};
}

}  // namespace

void DenyListKeeper::load(const std::string& roots_pem, WallTime now) {
  const auto text = home_.read(kDenyListFile);
  if (!text || !*text) return;
  const json kept = json::parse(**text, nullptr, false);
  cluster_ = ClusterId::parse(text_of(kept, "cluster"));
  if (!cluster_) return;
  floor_ = kept.value("version", std::uint64_t{0});
  auto trust = trust_in(roots_pem);
  trust.cluster = cluster_;
  trust.floor = floor_;
  const auto list =
      snapshot::open_deny_list(text_of(kept, "envelope"), text_of(kept, "signer"), trust, now);
  const auto denied = list ? crypto::DenyList::make(list->entries) : std::nullopt;
  if (!denied) return;
  version_ = list->version;
  expires_at_ = list->expires_at;
  content_ = snapshot::content_of(list->entries);
  current_ = std::make_shared<const crypto::DenyList>(*denied);
}

Fallible<void> DenyListKeeper::put(const json& given, const std::string& roots_pem,
                                   ClusterId cluster, WallTime now) {
  auto trust = trust_in(roots_pem);
  trust.cluster = cluster;
  if (cluster == cluster_) trust.floor = floor_;
  const std::string envelope = text_of(given, "envelope");
  const std::string signer = text_of(given, "signer");
  const auto list = snapshot::open_deny_list(envelope, signer, trust, now);
  if (!list) {
    return fail(ExitCode::untrusted,
                "The platform's deny list is refused (" + std::string(to_string(list.error())) +
                    "). Check this host's clock; if that is right, tell your platform owner.");
  }
  const auto denied = crypto::DenyList::make(list->entries);
  if (!denied) return fail(ExitCode::untrusted, "The platform's deny list names nothing.");
  const json kept = {{"version", list->version},
                     {"cluster", list->cluster.str()},
                     {"envelope", envelope},
                     {"signer", signer}};
  if (auto saved = home_.write(kDenyListFile, kept.dump(1) + "\n"); !saved) return saved;
  cluster_ = cluster;
  floor_ = version_ = list->version;
  expires_at_ = list->expires_at;
  std::string content = snapshot::content_of(list->entries);
  if (!current_ || content != content_) {
    current_ = std::make_shared<const crypto::DenyList>(*denied);
  }
  content_ = std::move(content);
  return {};
}

Fallible<void> DenyListKeeper::take(const json& answer, const std::string& roots_pem,
                                    ClusterId cluster, WallTime now) {
  const auto given = answer.is_object() ? answer.find("deny_list") : answer.end();
  if (given != answer.end()) return put(*given, roots_pem, cluster, now);
  if (!current_ || cluster != cluster_ || now >= expires_at_) {
    return fail(ExitCode::untrusted,
                "There is no deny list of the platform that is still good, and without one no "
                "entry is trusted. Try again in a moment; if it stays so, tell your platform "
                "owner.");
  }
  return {};
}

}  // namespace rap::client
