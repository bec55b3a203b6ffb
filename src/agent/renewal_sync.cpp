#include "agent/renewal_sync.hpp"

#include "agent/fabric_messages.hpp"
#include "agent/node_api.hpp"
#include "agent/problem.hpp"
#include "crypto/certificate_path.hpp"

namespace rap::agent {
namespace {

// Somewhere between 60 % and two thirds of a certificate's life: nodes that were enrolled together
// do not renew together.
constexpr int kEarliestPermille = 600;
constexpr int kSpreadPermille = 66;

}  // namespace

RenewalSync::RenewalSync(NodeId node, crypto::Certificate certificate, StateDirectory& directory,
                         RandomSource& rng)
    : node_(node), certificate_(std::move(certificate)), directory_(directory), rng_(rng) {}

void RenewalSync::plan(Now now) {
  const auto life = certificate_.not_after() - certificate_.not_before();
  const auto permille = kEarliestPermille + static_cast<int>(rng_.u64() % kSpreadPermille);
  const WallTime at = certificate_.not_before() + life * permille / 1000;
  due_at_ = now.mono + std::max(Duration::zero(), Duration{at - now.wall});
}

void RenewalSync::asked_to(MonoTime now) {
  if (std::exchange(wanted_, true)) return;
  call_.hurry(now);
}

LinkActions RenewalSync::poll(Now now) {
  if (due_at_ <= now.mono) {
    due_at_ = Poller::kNever;
    asked_to(now.mono);
  }
  if (!call_.due(now.mono)) return {};
  call_.begin();
  if (auto staged = stage(); !staged) return failed(now.mono, staged.error());
  return {SendToControl{Call::renew_certificate,
                        renewal_request(node_, crypto::make_csr(*staged_, certificate_.names()))}};
}

// A key that was staged and never certified is taken up again, so that the control plane answers a
// repeated request with the certificate it issued for the first.
std::expected<void, std::string> RenewalSync::stage() {
  if (staged_) return {};
  const auto stored = directory_.read(kNextKeyFile);
  if (!stored) return std::unexpected(stored.error());
  if (*stored) {
    auto key = crypto::PrivateKey::from_pem(**stored);
    if (key && key->public_key().spki_sha256() != certificate_.public_key().spki_sha256()) {
      staged_ = std::move(*key);
      return {};
    }
  }
  auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  if (auto written = directory_.write({std::string(kNextKeyFile), key.pem()}); !written) {
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
  return {Say{LogLevel::info, "certificate.renewed",
              "The certificate " + certificate_.serial_hex() + " is in use."},
          UseIdentity{}, TellFabric{identity_changed_message()}};
}

std::expected<void, std::string> RenewalSync::take_over(
    const Answer& answer, WallTime now, const std::vector<crypto::Certificate>& roots) {
  if (!answer) return std::unexpected(answer.error());
  const auto text = parse_renewal(*answer);
  if (!text) return std::unexpected(parse_problem(*answer).detail);
  const auto chain = crypto::Certificate::chain_from_pem(*text);
  if (!chain) return std::unexpected("The control plane's answer holds no certificate.");
  const crypto::Certificate& leaf = chain->front();
  if (leaf.public_key().spki_sha256() != staged_->public_key().spki_sha256() ||
      leaf.names() != certificate_.names()) {
    return std::unexpected("The control plane certified another key or other names.");
  }
  const auto path = crypto::verify_path(leaf, *chain, roots, crypto::PeerSide::client, now);
  if (!path) {
    return std::unexpected(
        "The new certificate does not verify: " + std::string(to_string(path.error())) + ".");
  }
  // The key last: until it is there, the staged one says to which key the chain belongs.
  if (auto ok = directory_.write({std::string(kChainFile), *text}); !ok) return ok;
  if (auto ok = directory_.write({std::string(kNodeKeyFile), staged_->pem()}); !ok) return ok;
  certificate_ = leaf;
  return {};
}

LinkActions RenewalSync::failed(MonoTime now, const std::string& why) {
  call_.failed(now, rng_);
  if (std::exchange(trouble_said_, true)) return {};
  return {Say{LogLevel::warn, "certificate.renewal_failed", why + " It is tried again."}};
}

}  // namespace rap::agent
