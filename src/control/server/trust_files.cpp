#include "control/server/trust_files.hpp"

#include "io/system/file.hpp"

namespace rap::control::server {

using control::TrustPhase;

std::expected<std::optional<control::PreparedTrust>, std::string> TrustFiles::prepared() {
  const auto active = state_.load_authority();
  if (!active) return std::unexpected(active.error());
  auto next = state_.load_next(*active);
  if (!next) return std::unexpected(next.error());
  if (!*next) return std::nullopt;
  return control::PreparedTrust{active->ca_ref(), control::ca_ref_of((*next)->root),
                                std::move((*next)->both), std::move((*next)->only_new)};
}

Result<control::Authority> TrustFiles::authority_of(const control::TrustState& state) const {
  auto active = state_.load_authority();
  if (!active) return active;
  const auto next = state_.load_next(*active);
  if (state.phase == TrustPhase::stable) {
    if (!next || !*next || control::ca_ref_of((*next)->root) != state.ca_ref) return active;
    if (auto ok = state_.promote_next(); !ok) return std::unexpected(ok.error());
    return state_.load_authority();
  }
  if (!next) return std::unexpected(next.error());
  if (!*next || control::ca_ref_of((*next)->root) != state.next_ca_ref) {
    return std::unexpected("pki/next does not hold the root that is being rotated to; restore it");
  }
  const crypto::Certificate old_root = active->roots.front();
  const crypto::Certificate& new_root = (*next)->root;
  if (state.phase == TrustPhase::distributing) {
    active->roots = {old_root, new_root};
    return active;
  }
  active->former = control::Authority::Former{active->intermediate, active->ca_ref()};
  active->intermediate = (*next)->intermediate;
  active->roots = {new_root};
  if (state.phase == TrustPhase::reissuing) active->roots.push_back(old_root);
  return active;
}

std::expected<snapshot::TokenKey, std::string> TrustFiles::next_token_key() {
  std::lock_guard lock(mutex_);
  const auto key = state_.next_token_key(true);
  if (!key) return std::unexpected(key.error());
  return control::token_key_of(**key);
}

// The key that signs, by what the database says; the files follow when the former one is over.
Result<control::SigningKey> TrustFiles::signing_key(const control::SigningKey& stored,
                                                    const control::TokenKeyState& tokens) const {
  using control::TokenKeyPhase;
  const std::string wanted =
      tokens.phase == TokenKeyPhase::overlapping ? tokens.next.kid : tokens.current.kid;
  if (wanted.empty() || wanted == stored.kid) return stored;
  const auto next = state_.next_token_key(false);
  if (!next) return std::unexpected(next.error());
  if (!*next || (*next)->kid != wanted) {
    return std::unexpected("pki does not hold the key for tokens " + wanted + "; restore it");
  }
  if (tokens.phase == TokenKeyPhase::stable) {
    if (auto ok = state_.promote_token_key(); !ok) return std::unexpected(ok.error());
  }
  return **next;
}

std::expected<void, std::string> TrustFiles::follow(const control::TrustState& state,
                                                    const control::TokenKeyState& tokens,
                                                    std::vector<std::string> bundles) {
  std::lock_guard lock(mutex_);
  const std::string wanted = std::string(to_string(state.phase)) + " " + state.ca_ref + " " +
                             std::to_string(state.bundle_version) + " " +
                             std::string(to_string(tokens.phase)) + " " + tokens.current.kid;
  if (wanted == followed_) return {};
  auto next = authority_of(state);
  if (!next) return std::unexpected(next.error());
  auto token_key = signing_key(next->token_key, tokens);
  if (!token_key) return std::unexpected(token_key.error());
  next->token_key = std::move(*token_key);
  next->bundle_version = state.bundle_version;
  next->bundles = std::move(bundles);
  if (auto ok = state_.write_trust_note({state.phase, state.bundle_version}); !ok) return ok;
  current_.set(std::move(*next));
  followed_ = wanted;
  changed_();
  return {};
}

}  // namespace rap::control::server
