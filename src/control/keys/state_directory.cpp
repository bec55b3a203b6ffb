#include "control/keys/state_directory.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <ranges>
#include <sstream>

#include "base/try.hpp"
#include "io/system/file.hpp"
#include "policy/addresses/ip_address.hpp"
#include "policy/addresses/names.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kServerLifetime = std::chrono::days{90};

// The names of the instance that `uri` names, at these hosts.
crypto::SubjectNames names_of(std::string uri, const std::vector<std::string>& hosts) {
  crypto::SubjectNames names;
  names.uris.push_back(std::move(uri));
  for (const std::string& host : hosts) {
    const auto ip = policy::IpAddress::parse(host);
    ip ? names.ips.push_back(ip->str()) : names.dns.push_back(host);
  }
  for (auto* list : {&names.dns, &names.ips}) {
    std::ranges::sort(*list);
    list->erase(std::ranges::unique(*list).begin(), list->end());
  }
  return names;
}

std::string new_instance(ClusterId cluster, RandomSource& rng) {
  wire::SpiffeId self;
  self.cluster = cluster;
  self.kind = wire::SpiffeId::Kind::control;
  self.subject = NodeId::random(rng).bytes();
  return self.str();
}

Result<crypto::PrivateKey> load_key(const fs::path& path) {
  const auto text = RAP_TRY(io::read_file(path));
  auto key = crypto::PrivateKey::from_pem(text);
  if (!key) return std::unexpected(path.string() + " holds no private key");
  return std::move(*key);
}

Result<std::vector<crypto::Certificate>> load_chain(const fs::path& path) {
  const auto text = RAP_TRY(io::read_file(path));
  auto chain = crypto::Certificate::chain_from_pem(text);
  if (!chain || chain->empty()) return std::unexpected(path.string() + " holds no certificate");
  return std::move(*chain);
}

bool belong_together(const crypto::Certificate& certificate, const crypto::PrivateKey& key) {
  return certificate.public_key().spki_sha256() == key.public_key().spki_sha256();
}

// PK-7: renewed before two thirds of its life are over.
bool is_due(const crypto::Certificate& certificate, WallTime now) {
  const auto life = certificate.not_after() - certificate.not_before();
  return now >= certificate.not_before() + life * 2 / 3;
}

Result<ClusterId> cluster_of(const crypto::Certificate& server) {
  const auto names = server.names();
  if (names.uris.size() == 1) {
    if (const auto id = wire::SpiffeId::parse(names.uris.front())) return id->cluster;
  }
  return std::unexpected("pki/server.crt names no cluster");
}

// A directory may be there already, made by an init that was killed before it set the mode.
Result<void> make_own_directory(const fs::path& path, mode_t mode) {
  if (auto ok = io::make_directory(path, mode); !ok) return ok;
  std::error_code error;
  fs::permissions(path, fs::perms{mode}, error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  return {};
}

std::unexpected<std::string> half_restored(const fs::path& root) {
  return std::unexpected("a restore into " + root.string() +
                         " was cut short; repeat 'rap-control restore' with the same backup");
}

// Files that were being written when their writer was killed.
void remove_temporaries(const fs::path& folder) {
  for (const fs::path& entry : io::entries_of(folder).value_or(std::vector<fs::path>{})) {
    if (entry.extension() != io::kTemporarySuffix) continue;
    std::error_code ignored;  // then it stays until the next start, readable to nobody else
    fs::remove(entry, ignored);
  }
}

}  // namespace

std::string plain_host(const std::string& host) {
  if (const auto ip = policy::IpAddress::parse(host)) return ip->str();
  std::string out = host;
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

StateDirectory::StateDirectory(fs::path root) : root_(std::move(root)) {
  for (const fs::path& entry : io::entries_of(clusters()).value_or(std::vector<fs::path>{})) {
    const auto id = ClusterId::parse(entry.filename().string());
    if (!id) continue;
    several_ = !cluster_.is_nil();
    cluster_ = *id;
  }
}

bool StateDirectory::is_half_restored() const {
  std::error_code error;
  return fs::exists(restoring(), error) && !fs::exists(clusters(), error);
}

Result<void> StateDirectory::create(RandomSource& rng) {
  if (is_half_restored()) return half_restored(root_);
  // PostgreSQL runs as another user when we are root and has to pass through to its own folders.
  const mode_t outer = geteuid() == 0 ? 0711 : 0700;
  if (auto ok = make_own_directory(root_, outer); !ok) return ok;
  if (cluster_.is_nil()) cluster_ = ClusterId::random(rng);
  for (const fs::path& folder :
       {root_ / "run", clusters(), home(), home() / "pki", home() / "root-ca"}) {
    if (auto ok = make_own_directory(folder, 0700); !ok) return ok;
  }
  return {};
}

// server.crt is written last.
bool StateDirectory::has_pki() const {
  std::error_code error;
  return !cluster_.is_nil() && fs::exists(pki("server.crt"), error);
}

Result<void> StateDirectory::recover() const {
  for (const fs::path& folder : {home() / "pki", home() / "root-ca", root_ / "run"}) {
    remove_temporaries(folder);
  }
  std::error_code ignored;  // a restore that was whole left it, and nobody looks at it
  fs::remove_all(restoring(), ignored);
  return next_trust().finish_promotion();
}

Result<void> StateDirectory::create_pki(const std::vector<std::string>& hosts, WallTime now,
                                        RandomSource& rng) const {
  const crypto::Issuer root =
      crypto::make_root(cluster_, control::validity_from(now, kRootLifetime), rng);
  const control::Authority authority{
      cluster_,
      {root.certificate},
      crypto::make_intermediate(root, cluster_, control::validity_from(now, kIntermediateLifetime),
                                rng),
      control::make_signing_key("token", crypto::PrivateKey::generate(crypto::KeyType::ed25519)),
      control::make_signing_key("config", crypto::PrivateKey::generate(crypto::KeyType::ed25519))};
  const std::vector<std::pair<fs::path, std::string>> files = {
      {root_key(), root.key.pem()},
      {pki("root.crt"), root.certificate.pem()},
      {pki("intermediate.key"), authority.intermediate.key.pem()},
      {pki("intermediate.crt"), authority.intermediate.certificate.pem()},
      {pki("token.key"), authority.token_key.key.pem()},
      {pki("config.key"), authority.config_key.key.pem()},
  };
  for (const auto& [path, content] : files) {
    if (auto ok = io::write_file_atomic(path, content, 0600); !ok) return ok;
  }
  return issue_identity(authority, names_of(new_instance(cluster_, rng), hosts),
                        OwnCertificate{}.profile, now, rng);
}

Result<void> StateDirectory::issue_identity(const control::Authority& authority,
                                            const crypto::SubjectNames& names,
                                            const crypto::LeafProfile& profile, WallTime now,
                                            RandomSource& rng) const {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  const auto leaf = crypto::issue_leaf(authority.intermediate, key.public_key(), names,
                                       control::validity_from(now, kServerLifetime), rng, profile);
  if (auto ok = io::write_file_atomic(pki("server.key"), key.pem(), 0600); !ok) return ok;
  return io::write_file_atomic(pki("server.crt"),
                               crypto::chain_pem({leaf, authority.intermediate.certificate}), 0600);
}

Result<control::Authority> StateDirectory::load_authority() const {
  if (several_) {
    return std::unexpected(clusters().string() + " holds several clusters; a server has one");
  }
  if (is_half_restored()) return half_restored(root_);
  if (!has_pki()) {
    return std::unexpected(root_.string() + " is not initialized; run 'rap-control init' first");
  }
  auto roots = RAP_TRY(load_chain(pki("root.crt")));
  auto intermediate = RAP_TRY(load_chain(pki("intermediate.crt")));
  auto server = RAP_TRY(load_chain(pki("server.crt")));
  const auto cluster = RAP_TRY(cluster_of(server.front()));
  if (cluster != cluster_) {
    return std::unexpected(home().string() + " holds the keys of cluster " + cluster.str());
  }
  std::vector<crypto::PrivateKey> keys;
  for (const char* name : {"intermediate.key", "token.key", "config.key"}) {
    auto key = RAP_TRY(load_key(pki(name)));
    keys.push_back(std::move(key));
  }
  if (!belong_together(intermediate.front(), keys[0])) {
    return std::unexpected("pki/intermediate.key is not the key of pki/intermediate.crt");
  }
  return control::Authority{cluster,
                            std::move(roots),
                            {intermediate.front(), keys[0]},
                            control::make_signing_key("token", keys[1]),
                            control::make_signing_key("config", keys[2])};
}

Result<crypto::TlsIdentity> StateDirectory::load_identity(const control::Authority& authority,
                                                          WallTime now, RandomSource& rng,
                                                          bool* renewed,
                                                          const OwnCertificate& wanted) const {
  if (renewed) *renewed = false;
  auto chain = RAP_TRY(load_chain(pki("server.crt")));
  const crypto::Certificate leaf = chain.front();
  auto key = load_key(pki("server.key"));
  const auto hosts = RAP_TRY(this->hosts());
  const auto uris = leaf.names().uris;
  if (uris.size() != 1) return std::unexpected("pki/server.crt names no instance");
  const auto names = names_of(uris.front(), hosts);
  const bool of_this_issuer =
      chain.size() == 2 &&
      chain.back().fingerprint() == authority.intermediate.certificate.fingerprint();
  const bool as_wanted = !wanted.anew && leaf.names() == names &&
                         leaf.ocsp_url() == wanted.profile.ocsp_url &&
                         leaf.must_staple() == wanted.profile.must_staple;
  if (!key || !of_this_issuer || !belong_together(leaf, *key) || !as_wanted || is_due(leaf, now)) {
    RAP_TRY(issue_identity(authority, names, wanted.profile, now, rng));
    if (renewed) *renewed = true;
    chain = RAP_TRY(load_chain(pki("server.crt")));
    key = RAP_TRY(load_key(pki("server.key")));
  }
  return crypto::TlsIdentity{std::move(chain), std::move(*key)};
}

Result<crypto::Certificate> StateDirectory::own_certificate() const {
  const auto chain = RAP_TRY(load_chain(pki("server.crt")));
  return chain.front();
}

Result<std::vector<std::string>> StateDirectory::hosts() const {
  std::vector<std::string> out;
  std::error_code error;
  if (!fs::exists(pki("names"), error)) {
    const auto leaf = RAP_TRY(own_certificate());
    const auto names = leaf.names();
    out = names.dns;
    out.insert(out.end(), names.ips.begin(), names.ips.end());
    return out;
  }
  const auto text = RAP_TRY(io::read_file(pki("names")));
  for (const auto line : std::views::split(text, '\n')) {
    const std::string host(line.begin(), line.end());
    if (host.empty()) continue;
    if (const char* wrong = policy::check_host(host)) {
      return std::unexpected("pki/names: '" + host + "' " + wrong);
    }
    out.push_back(host);
  }
  if (out.empty()) return std::unexpected("pki/names holds no name; restore it or remove it");
  return out;
}

Result<void> StateDirectory::set_hosts(const std::vector<std::string>& hosts) const {
  std::string text;
  for (const std::string& host : hosts) text += host + "\n";
  return io::write_file_atomic(pki("names"), text, 0600);
}

Result<void> StateDirectory::note_served_hosts(const std::vector<ServedHost>& hosts) const {
  std::string text;
  for (const ServedHost& each : hosts) text += each.option + " " + plain_host(each.host) + "\n";
  return io::write_file_atomic(served_hosts_file(), text, 0600);
}

void StateDirectory::forget_served_hosts() const {
  std::error_code ignored;  // the next server writes its own
  fs::remove(served_hosts_file(), ignored);
}

Result<std::vector<ServedHost>> StateDirectory::served_hosts() const {
  std::vector<ServedHost> out;
  std::error_code error;
  if (!fs::exists(served_hosts_file(), error)) return out;
  std::istringstream lines(RAP_TRY(io::read_file(served_hosts_file())));
  for (ServedHost each; lines >> each.option >> each.host;) out.push_back(each);
  return out;
}

std::vector<fs::path> StateDirectory::root_keys() const {
  std::vector<crypto::Sha256> roots;
  std::vector<fs::path> keys;
  for (const fs::path& file : io::files_below(home()).value_or(std::vector<fs::path>{})) {
    if (file.extension() == ".key") keys.push_back(file);
    if (file.filename() != "root.crt") continue;
    const auto chain = load_chain(file);
    if (chain) roots.push_back(chain->front().public_key().spki_sha256());
  }
  std::erase_if(keys, [&](const fs::path& path) {
    const auto key = load_key(path);
    return !key || std::ranges::find(roots, key->public_key().spki_sha256()) == roots.end();
  });
  return keys;
}

Result<std::optional<control::SigningKey>> StateDirectory::next_token_key(bool make) const {
  const fs::path path = pki("token.next.key");
  std::error_code error;
  const bool found = fs::exists(path, error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  if (!found) {
    if (!make) return std::nullopt;
    const auto made = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    RAP_TRY(io::write_file_atomic(path, made.pem(), 0600));
  }
  auto key = RAP_TRY(load_key(path));
  return control::make_signing_key("token", std::move(key));
}

Result<void> StateDirectory::promote_token_key() const {
  std::error_code error;
  fs::rename(pki("token.next.key"), pki("token.key"), error);
  if (error) return std::unexpected("pki/token.next.key: " + error.message());
  return {};
}

store::PrivatePostgres StateDirectory::postgres() const {
  return store::PrivatePostgres({.data = root_ / "postgres",
                                 .sockets = root_ / "pgsock",
                                 .log_file = root_ / "postgres" / "server.log"});
}

}  // namespace rap::control::server
