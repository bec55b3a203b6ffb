// The state directory of rap-control, and the keys in it.
//
//   clusters/<cluster id>/  the authority of a cluster:
//     pki/root.crt intermediate.crt intermediate.key server.crt server.key token.key config.key
//     pki/names            the hosts that server.crt is to name, once somebody changed them
//     pki/token.next.key   the key for tokens that comes next, during its rotation
//     pki/next/ …          a rotation of the root (next_trust.hpp)
//     root-ca/root.key     made by init, to be taken offline; nothing else ever reads it
//   postgres/ pgsock/    the private PostgreSQL
//   run/                 control.lock, ports.json; served-hosts while a server runs
//   audit-heads.jsonl    signed heads of the audit chain, appended
//   restoring/           what 'rap-control restore' has unpacked, until it is whole
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "control/keys/next_trust.hpp"
#include "control/pki/authority.hpp"
#include "control/store/private_postgres.hpp"
#include "crypto/tls/tls.hpp"

namespace rap::control::server {

// What the listeners' certificate is to be, beyond its names.
struct OwnCertificate {
  crypto::LeafProfile profile = {.client = false};
  bool anew = false;  // the one there is must not be used any more
};

// A host that people or nodes are told by the server that runs, by this option of it.
struct ServedHost {
  std::string option;
  std::string host;
};

// How a host is written in the lists of names: an address in one way, a name in lower case.
std::string plain_host(const std::string& host);

class StateDirectory {
 public:
  // Finds the cluster whose authority is in there, if one is.
  explicit StateDirectory(std::filesystem::path root);

  Result<void> create(RandomSource& rng);  // the folders, with a new cluster's unless one is there
  bool has_pki() const;  // was create_pki() finished
  // Goes on with what a server that was killed had begun, and removes what it was writing. For the
  // only server of the directory, before it loads anything.
  Result<void> recover() const;
  // Makes every key and certificate of a new cluster.
  Result<void> create_pki(const std::vector<std::string>& hosts, WallTime now,
                          RandomSource& rng) const;

  Result<control::Authority> load_authority() const;
  // The identity of the listeners. Issued anew when it is past two thirds of its life, under
  // another intermediate, not as it is wanted, or when its files do not fit together; `renewed`
  // says so.
  Result<crypto::TlsIdentity> load_identity(const control::Authority& authority, WallTime now,
                                            RandomSource& rng, bool* renewed = nullptr,
                                            const OwnCertificate& wanted = {}) const;
  // The hosts that certificate is to name: those that were set, else those that it names.
  Result<std::vector<std::string>> hosts() const;
  // Whoever serves the directory issues the certificate for them soon.
  Result<void> set_hosts(const std::vector<std::string>& hosts) const;
  Result<crypto::Certificate> own_certificate() const;  // as it is

  // A server notes them while it runs, so that nobody takes them out of its names unawares. One
  // that was killed leaves its note to the next.
  Result<void> note_served_hosts(const std::vector<ServedHost>& hosts) const;
  void forget_served_hosts() const;
  Result<std::vector<ServedHost>> served_hosts() const;

  // Where keys of roots lie in the directory, that belong offline.
  std::vector<std::filesystem::path> root_keys() const;

  // The next root, from its preparation until it took over.
  NextTrustFiles next_trust() const { return NextTrustFiles(home() / "pki"); }
  // The key for tokens that comes after token.key (token.next.key), made when there is none and
  // `make`.
  Result<std::optional<control::SigningKey>> next_token_key(bool make) const;
  Result<void> promote_token_key() const;  // it takes the place of token.key

  // A restore that was cut short left this, and no cluster yet: only another restore may go on.
  std::filesystem::path restoring() const { return root_ / "restoring"; }
  bool is_half_restored() const;

  store::PrivatePostgres postgres() const;
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path home() const { return clusters() / cluster_.str(); }  // the authority's
  std::filesystem::path root_certificate() const { return pki("root.crt"); }
  std::filesystem::path root_key() const { return home() / "root-ca" / "root.key"; }
  std::filesystem::path names_lock_file() const { return root_ / "run" / "names.lock"; }
  std::filesystem::path served_hosts_file() const { return root_ / "run" / "served-hosts"; }
  std::filesystem::path lock_file() const { return root_ / "run" / "control.lock"; }
  std::filesystem::path audit_heads_file() const { return root_ / "audit-heads.jsonl"; }
  std::filesystem::path ports_file() const { return root_ / "run" / "ports.json"; }

 private:
  std::filesystem::path clusters() const { return root_ / "clusters"; }
  std::filesystem::path pki(const char* name) const { return home() / "pki" / name; }
  Result<void> issue_identity(const control::Authority& authority,
                              const crypto::SubjectNames& names, const crypto::LeafProfile& profile,
                              WallTime now, RandomSource& rng) const;

  std::filesystem::path root_;
  ClusterId cluster_;  // nil: none yet
  bool several_ = false;
};

}  // namespace rap::control::server
