#include "client/core/deny_list_store.hpp"

#include <nlohmann/json.hpp>

#include "snapshot/public_deny_list.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

// What the file holds.
struct StoredDenyList {
  ClusterId cluster;
  std::uint64_t version = 0;
  GivenDenyList list;
};

std::optional<StoredDenyList> parse_kept(const std::string& text) {
  try {
    const json kept = json::parse(text);
    const auto cluster = ClusterId::parse(kept.at("cluster").get<std::string>());
    if (!cluster) return std::nullopt;
    return StoredDenyList{*cluster, kept.at("version"), {kept.at("envelope"), kept.at("signer")}};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

snapshot::DenyListTrust trust_in(const std::string& roots_pem) {
  return {
      crypto::Certificate::chain_from_pem(roots_pem).value_or(std::vector<crypto::Certificate>{}),
      {},
      0};
}

}  // namespace

void DenyListStore::load(const std::string& roots_pem, WallTime now) {
  const auto text = home_.read(kDenyListFile);
  if (!text || !*text) return;
  const auto kept = parse_kept(**text);
  if (!kept) return;
  cluster_ = kept->cluster;
  floor_ = kept->version;
  auto trust = trust_in(roots_pem);
  trust.cluster = cluster_;
  trust.floor = floor_;
  const auto list = snapshot::open_deny_list(kept->list.envelope, kept->list.signer, trust, now);
  const auto denied = list ? crypto::DenyList::make(list->entries) : std::nullopt;
  if (!denied) return;
  version_ = list->version;
  expires_at_ = list->expires_at;
  content_ = snapshot::content_of(list->entries);
  current_ = std::make_shared<const crypto::DenyList>(*denied);
}

Fallible<void> DenyListStore::put(const GivenDenyList& given, const std::string& roots_pem,
                                  ClusterId cluster, WallTime now) {
  auto trust = trust_in(roots_pem);
  trust.cluster = cluster;
  if (cluster == cluster_) trust.floor = floor_;
  const auto list = snapshot::open_deny_list(given.envelope, given.signer, trust, now);
  if (!list) {
    return fail(ExitCode::untrusted,
                "The platform's deny list is refused (" + std::string(to_string(list.error())) +
                    "). Check this host's clock; if that is right, tell your platform owner.");
  }
  const auto denied = crypto::DenyList::make(list->entries);
  if (!denied) return fail(ExitCode::untrusted, "The platform's deny list names nothing.");
  const json kept = {{"version", list->version},
                     {"cluster", list->cluster.str()},
                     {"envelope", given.envelope},
                     {"signer", given.signer}};
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

Fallible<void> DenyListStore::take(const std::optional<GivenDenyList>& given,
                                   const std::string& roots_pem, ClusterId cluster, WallTime now) {
  if (given) return put(*given, roots_pem, cluster, now);
  if (!current_ || cluster != cluster_ || now >= expires_at_) {
    return fail(ExitCode::untrusted,
                "There is no deny list of the platform that is still good, and without one no "
                "entry is trusted. Try again in a moment; if it stays so, tell your platform "
                "owner.");
  }
  return {};
}

}  // namespace rap::client
