#include "node/agent/link/renewal_sync.hpp"

#include "base/try.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "node/agent/control_problem.hpp"
#include "node/agent/link/calls/node_api.hpp"

namespace rap::agent {
namespace {

// Somewhere between 60 % and two thirds of a certificate's life: nodes that were enrolled together
// do not renew together.
constexpr int kEarliestPermille = 600;
constexpr int kSpreadPermille = 66;

}  // namespace

RenewalSync::RenewalSync(NodeId node, const RenewalSubject& subject, crypto::SubjectNames names,
                         std::optional<crypto::Certificate> certificate, NodeFiles& directory,
                         RandomSource& rng)
    : node_(node),
      subject_(subject),
      names_(std::move(names)),
      certificate_(std::move(certificate)),
      directory_(directory),
      rng_(rng) {}

MonoTime RenewalSync::next_wakeup() const {
  return needed_ ? std::min(due_at_, call_.next()) : Poller::kNever;
}

void RenewalSync::need(bool needed, MonoTime now) {
  needed_ = needed;
  if (needed && (!certificate_ || stale_)) asked_to(now);
  // Should it be needed again, a new one is got: this one may have been revoked meanwhile.
  if (!needed) stale_ = true;
}

void RenewalSync::plan(Now now) {
  if (!certificate_) return;
  const auto life = certificate_->not_after() - certificate_->not_before();
  const auto permille = kEarliestPermille + static_cast<int>(rng_.u64() % kSpreadPermille);
  const WallTime at = certificate_->not_before() + life * permille / 1000;
  due_at_ = now.mono + std::max(Duration::zero(), Duration{at - now.wall});
}

void RenewalSync::asked_to(MonoTime now) {
  if (std::exchange(wanted_, true)) return;
  call_.hurry(now);
}

LinkActions RenewalSync::poll(Now now) {
  if (!needed_) return {};
  if (due_at_ <= now.mono) {
    due_at_ = Poller::kNever;
    asked_to(now.mono);
  }
  if (!call_.due(now.mono)) return {};
  call_.begin();
  if (auto staged = stage(); !staged) return failed(now.mono, staged.error());
  return {SendToControl{subject_.call,
                        renewal_request(node_, subject_.kind, crypto::make_csr(*staged_, names_))}};
}

// A key that was staged and never certified is taken up again, so that the control plane answers a
// repeated request with the certificate it issued for the first.
std::expected<void, std::string> RenewalSync::stage() {
  if (staged_) return {};
  const auto stored = RAP_TRY(directory_.read(subject_.next_key_file));
  if (stored) {
    auto key = crypto::PrivateKey::from_pem(*stored);
    const bool in_use = key && certificate_ &&
                        key->public_key().spki_sha256() == certificate_->public_key().spki_sha256();
    if (key && !in_use) {
      staged_ = std::move(*key);
      return {};
    }
  }
  auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  if (auto written = directory_.write({std::string(subject_.next_key_file), key.pem()}); !written) {
    return written;
  }
  staged_ = std::move(key);
  return {};
}

LinkActions RenewalSync::on_answer(Now now, const Answer& answer,
                                   const std::vector<crypto::Certificate>& roots) {
  if (auto done = take_over(answer, now.wall, roots); !done) return failed(now.mono, done.error());
  staged_.reset();
  wanted_ = false;
  trouble_said_ = false;
  ++renewals_;
  call_.succeeded(now.mono, rng_);
  plan(now);
  Say said{LogLevel::info, "certificate.renewed",
           "The " + std::string(to_string(subject_.kind)) + "'s certificate " +
               certificate_->serial_hex() + " is in use."};
  if (subject_.call == ControlCall::renew_worker) {
    return {std::move(said), UseWorker{}, TellIdentity{}};
  }
  return {std::move(said), UseIdentity{}, TellIdentity{}};
}

std::expected<void, std::string> RenewalSync::take_over(
    const Answer& answer, WallTime now, const std::vector<crypto::Certificate>& roots) {
  if (!answer) return std::unexpected(answer.error());
  const auto issued = parse_renewal(*answer);
  if (!issued) return std::unexpected(parse_problem(*answer).detail);
  const auto chain = crypto::Certificate::chain_from_pem(issued->chain_pem);
  if (!chain) return std::unexpected("The control plane's answer holds no certificate.");
  const crypto::Certificate& leaf = chain->front();
  if (leaf.public_key().spki_sha256() != staged_->public_key().spki_sha256() ||
      leaf.names() != names_) {
    return std::unexpected("The control plane certified another key or other names.");
  }
  const auto path = crypto::verify_path(leaf, *chain, roots, subject_.side, now);
  if (!path) {
    return std::unexpected(
        "The new certificate does not verify: " + std::string(to_string(path.error())) + ".");
  }
  if (auto ok = store(*issued); !ok) return ok;
  certificate_ = leaf;
  stale_ = false;
  return {};
}

// The key last: until it is there, the staged one says to which key the chain belongs. What it is
// stapled with comes first, for it is of use as soon as the chain is.
std::expected<void, std::string> RenewalSync::store(const IssuedCertificate& issued) {
  const auto write = [&](std::string_view file, std::string content) {
    return directory_.write({std::string(file), std::move(content)});
  };
  if (!issued.staple.empty()) {
    auto ok = write(subject_.staple_file, std::string(as_text(issued.staple)));
    if (!ok) return ok;
  }
  if (auto ok = write(subject_.chain_file, issued.chain_pem); !ok) return ok;
  return write(subject_.key_file, staged_->pem());
}

LinkActions RenewalSync::failed(MonoTime now, const std::string& why) {
  call_.failed(now, rng_);
  if (std::exchange(trouble_said_, true)) return {};
  return {Say{LogLevel::warn, "certificate.renewal_failed", why + " It is tried again."}};
}

}  // namespace rap::agent
