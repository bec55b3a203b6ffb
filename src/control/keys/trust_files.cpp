#include "control/keys/trust_files.hpp"

#include "base/try.hpp"

namespace rap::control::server {

using control::TrustPhase;

std::expected<std::optional<control::PreparedTrust>, std::string> TrustFiles::prepared() {
  std::lock_guard lock(mutex_);  // not in the middle of a promotion
  const auto active = RAP_TRY(state_.load_authority());
  auto next = RAP_TRY(state_.next_trust().load(active));
  if (!next) return std::nullopt;
  return control::PreparedTrust{active.ca_ref(), control::ca_ref_of(next->root),
                                std::move(next->both), std::move(next->only_new)};
}

Result<NextTrust> TrustFiles::next_trust(const std::string& ca_ref,
                                         const control::Authority& active) const {
  const NextTrustFiles files = state_.next_trust();
  RAP_TRY(files.recall(ca_ref));
  auto next = RAP_TRY(files.load(active));
  if (!next || control::ca_ref_of(next->root) != ca_ref) {
    return std::unexpected("pki/next does not hold the root " + ca_ref +
                           " that the database names; restore it");
  }
  return std::move(*next);
}

// The database names no root until the first rotation: it is the one of init.
Result<control::Authority> TrustFiles::stable_authority(const control::TrustState& state) const {
  auto active = state_.load_authority();
  if (!active) return active;
  if (!state.ca_ref.empty() && active->ca_ref() != state.ca_ref) {
    RAP_TRY(next_trust(state.ca_ref, *active));
    RAP_TRY(state_.next_trust().promote());
    active = state_.load_authority();
  }
  state_.next_trust().remove_leftovers();
  return active;
}

Result<control::Authority> TrustFiles::authority_of(const control::TrustState& state) const {
  if (state.phase == TrustPhase::stable) return stable_authority(state);
  auto active = state_.load_authority();
  if (!active) return active;
  if (active->ca_ref() != state.ca_ref) {
    return std::unexpected("pki/root.crt is not the root " + state.ca_ref +
                           " that is being rotated from; restore it");
  }
  const auto next = RAP_TRY(next_trust(state.next_ca_ref, *active));
  const crypto::Certificate old_root = active->roots.front();
  if (state.phase == TrustPhase::distributing) {
    active->roots = {old_root, next.root};
    return active;
  }
  active->former = control::Authority::Former{active->intermediate, active->ca_ref()};
  active->intermediate = next.intermediate;
  active->roots = {next.root};
  if (state.phase == TrustPhase::reissuing) active->roots.push_back(old_root);
  return active;
}

std::expected<snapshot::TokenKey, std::string> TrustFiles::next_token_key() {
  std::lock_guard lock(mutex_);
  const auto key = RAP_TRY(state_.next_token_key(true));
  return control::token_key_of(*key);
}

// The key that signs, by what the database says; the files follow when the former one is over.
Result<control::SigningKey> TrustFiles::signing_key(const control::SigningKey& stored,
                                                    const control::TokenKeyState& tokens) const {
  using control::TokenKeyPhase;
  const std::string wanted =
      tokens.phase == TokenKeyPhase::overlapping ? tokens.next.kid : tokens.current.kid;
  if (wanted.empty() || wanted == stored.kid) return stored;
  const auto next = RAP_TRY(state_.next_token_key(false));
  if (!next || next->kid != wanted) {
    return std::unexpected("pki does not hold the key for tokens " + wanted + "; restore it");
  }
  if (tokens.phase == TokenKeyPhase::stable) {
    RAP_TRY(state_.promote_token_key());
  }
  return *next;
}

TrustFiles::Followed TrustFiles::Followed::of(const control::TrustState& state,
                                              const control::TokenKeyState& tokens) {
  return {state.phase,  state.ca_ref,       state.next_ca_ref, state.bundle_version,
          tokens.phase, tokens.current.kid, tokens.next.kid};
}

std::expected<void, std::string> TrustFiles::follow(const control::TrustState& state,
                                                    const control::TokenKeyState& tokens,
                                                    std::vector<std::string> bundles) {
  std::lock_guard lock(mutex_);
  const Followed wanted = Followed::of(state, tokens);
  if (followed_ == wanted) return {};
  auto next = RAP_TRY(authority_of(state));
  auto token_key = RAP_TRY(signing_key(next.token_key, tokens));
  next.token_key = std::move(token_key);
  next.bundle_version = state.bundle_version;
  next.bundles = std::move(bundles);
  if (auto ok = state_.next_trust().write_note({state.phase, state.bundle_version}); !ok) return ok;
  current_.set(std::move(next));
  followed_ = wanted;
  changed_();
  return {};
}

}  // namespace rap::control::server
