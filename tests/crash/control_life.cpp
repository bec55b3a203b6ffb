#include "control_life.hpp"

#include "io/system/file.hpp"

namespace rap::crash {

namespace server = control::server;

namespace {

// Two names and an address, so that a certificate issued anew has to keep all of them.
const std::vector<std::string> kHosts = {"control.example", "127.0.0.1"};

std::string said(const std::expected<void, std::string>& done) {
  return done ? std::string{} : done.error();
}

}  // namespace

void TrustRows::begin(const control::PreparedTrust& next) {
  state.phase = control::TrustPhase::distributing;
  state.bundle_version = next.both.version;
  state.ca_ref = next.ca_ref;
  state.next_ca_ref = next.next_ca_ref;
  bundles.push_back(next.both.envelope);
}

void TrustRows::retire(const control::PreparedTrust& next) {
  state.phase = control::TrustPhase::retiring;
  state.bundle_version = next.only_new.version;
  bundles.push_back(next.only_new.envelope);
}

void TrustRows::settle() {
  state.phase = control::TrustPhase::stable;
  state.ca_ref = std::exchange(state.next_ca_ref, {});
}

void TrustRows::begin_token_key(const snapshot::TokenKey& current, const snapshot::TokenKey& next) {
  tokens.phase = control::TokenKeyPhase::distributing;
  tokens.current = current;
  tokens.next = next;
}

void TrustRows::settle_token_key() {
  tokens.phase = control::TokenKeyPhase::stable;
  tokens.current = std::exchange(tokens.next, {});
}

std::string ControlLife::init() {
  state_.emplace(directory_);
  if (auto ok = state_->create(rng_); !ok) return ok.error();
  if (auto ok = state_->recover(); !ok) return ok.error();
  if (!state_->has_pki()) {
    if (auto ok = state_->create_pki(kHosts, kStart, rng_); !ok) return ok.error();
  }
  const auto authority = state_->load_authority();
  return authority ? std::string{} : authority.error();
}

std::string ControlLife::prepare(const std::filesystem::path& out_root_key) {
  const server::StateDirectory state(directory_);
  const auto active = state.load_authority();
  if (!active) return active.error();
  // The root's key is brought for this: the tests keep those of all roots beside the directory.
  const auto kept = directory_.parent_path() / ("root-of-" + active->ca_ref());
  const auto text = io::read_file(kept);
  if (!text) return text.error();
  const auto key = crypto::PrivateKey::from_pem(*text);
  if (!key) return "no key in " + kept.string();
  const auto made = state.next_trust().prepare(*active, {active->roots.front(), *key},
                                               out_root_key.string(), kStart, rng_);
  return made ? std::string{} : made.error();
}

std::string ControlLife::start(const TrustRows& rows, WallTime now) {
  state_.emplace(directory_);
  if (auto ok = state_->recover(); !ok) return ok.error();
  auto authority = state_->load_authority();
  if (!authority) return authority.error();
  current_.emplace(std::move(*authority));
  files_.emplace(*state_, *current_, [] {});
  if (const std::string error = follow(rows); !error.empty()) return error;
  auto identity = state_->load_identity(*current_->get(), now, rng_);
  if (!identity) return identity.error();
  identity_ = std::move(*identity);
  return {};
}

std::string ControlLife::follow(const TrustRows& rows) {
  return said(files_->follow(rows.state, rows.tokens, rows.bundles));
}

control::PreparedTrust ControlLife::prepared() { return files_->prepared().value().value(); }

snapshot::TokenKey ControlLife::next_token_key() { return files_->next_token_key().value(); }

}  // namespace rap::crash
