// The state directory of rap-control, and the keys in it.
//
//   pki/root.crt intermediate.crt intermediate.key server.crt server.key token.key config.key
//   root-ca/root.key     made by init, to be taken offline; nothing else ever reads it
//   postgres/ pgsock/    the private PostgreSQL
//   run/                 control.lock, ports.json
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "control/authority.hpp"
#include "crypto/tls.hpp"
#include "store/private_postgres.hpp"

namespace rap::app {

template <class T>
using Result = std::expected<T, std::string>;  // the error is a sentence

class StateDirectory {
 public:
  explicit StateDirectory(std::filesystem::path root) : root_(std::move(root)) {}

  Result<void> create() const;  // the folders
  bool has_pki() const;         // was create_pki() finished
  // Makes every key and certificate of a new cluster.
  Result<void> create_pki(const std::vector<std::string>& hosts, WallTime now,
                          RandomSource& rng) const;

  Result<control::Authority> load_authority() const;
  // The identity of the listeners. Issued anew when it is past two thirds of its life or when its
  // files do not fit together; `renewed` says so.
  Result<crypto::TlsIdentity> load_identity(const control::Authority& authority, WallTime now,
                                            RandomSource& rng, bool* renewed = nullptr) const;

  store::PrivatePostgres postgres() const;
  std::filesystem::path root_key() const { return root_ / "root-ca" / "root.key"; }
  std::filesystem::path lock_file() const { return root_ / "run" / "control.lock"; }
  std::filesystem::path ports_file() const { return root_ / "run" / "ports.json"; }

 private:
  std::filesystem::path pki(const char* name) const { return root_ / "pki" / name; }
  Result<void> issue_identity(const control::Authority& authority,
                              const crypto::SubjectNames& names, WallTime now,
                              RandomSource& rng) const;

  std::filesystem::path root_;
};

}  // namespace rap::app
