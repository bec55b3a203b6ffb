// rap-control trust prepare: on the control plane's host, with the root key brought for it.
#include <iostream>

#include "base/try.hpp"
#include "control/keys/state_directory.hpp"
#include "control/server/commands/commands.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

Result<crypto::Issuer> old_root(const PrepareOptions& options, const control::Authority& active) {
  const auto text = RAP_TRY(io::read_file(options.root_key));
  const auto key = crypto::PrivateKey::from_pem(text);
  if (!key) return std::unexpected(options.root_key + " holds no private key");
  const crypto::Certificate& root = active.roots.front();
  if (key->public_key().spki_sha256() != root.public_key().spki_sha256()) {
    return std::unexpected(options.root_key + " is not the key of the root in force (SHA-256 " +
                           active.root_fingerprint() + ")");
  }
  return crypto::Issuer{root, *key};
}

Result<std::string> prepare(const PrepareOptions& options) {
  const StateDirectory state{std::filesystem::absolute(options.state)};
  const auto active = RAP_TRY(state.load_authority());
  std::error_code error;
  if (std::filesystem::exists(options.out_root_key, error) || error) {
    return std::unexpected(options.out_root_key + " exists already; name a new file");
  }
  const auto root = RAP_TRY(old_root(options, active));
  io::SystemRandom rng;
  return state.next_trust().prepare(active, root, options.out_root_key, io::wall_now(), rng);
}

}  // namespace

int run_trust_prepare(const PrepareOptions& options) {
  const auto fingerprint = prepare(options);
  if (!fingerprint) {
    std::cerr << "rap-control trust prepare: " << fingerprint.error() << "\n";
    return 1;
  }
  std::cerr << "A new root is prepared.\n\n"
            << "  its SHA-256  " << *fingerprint << "\n\n"
            << "TAKE BOTH ROOT KEYS OFFLINE NOW: move " << options.out_root_key << " and "
            << options.root_key << "\n"
            << "to a medium that is in no computer, and delete them here. The old one is not\n"
            << "needed any more when the rotation is over.\n\n"
            << "Start the rotation with 'rap admin trust rotate'.\n";
  return 0;
}

}  // namespace rap::control::server
