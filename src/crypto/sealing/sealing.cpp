#include "crypto/sealing/sealing.hpp"

#include <algorithm>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/sealing/noise.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kFlowProtocol = "Noise_IK_25519_AESGCM_SHA256";

X25519Public public_from(ByteView bytes) {
  X25519Public out;
  std::ranges::copy(bytes.first(kX25519Key), out.begin());
  return out;
}

// Both sides start from the prologue and the responder's static key ("<- s").
void begin(NoiseState& noise, std::string_view prologue, const X25519Public& responder) {
  noise.mix_hash(as_bytes(prologue));
  noise.mix_hash(responder);
}

bool mix_exchange(NoiseState& noise, const NoiseKey& secret, const X25519Public& peer) {
  auto shared = x25519(secret, peer);
  if (!shared) return false;
  noise.mix_key(*shared);
  wipe(*shared);
  return true;
}

SealedFlow flow_of(const NoiseState& noise, bool initiator) {
  auto [first, second] = noise.split();
  SealedFlow flow = initiator ? SealedFlow{SealKey(first), SealKey(second)}
                              : SealedFlow{SealKey(second), SealKey(first)};
  wipe(first);
  wipe(second);
  return flow;
}

}  // namespace

struct SealInitiator::State {
  State(const X25519KeyPair& own, const X25519Public& key, RandomSource& rng,
        std::string_view prologue)
      : noise(kFlowProtocol), self(own), responder(key), ephemeral(X25519KeyPair::generate(rng)) {
    begin(noise, prologue, responder);
  }
  ~State() {
    wipe(ephemeral.secret);
    wipe(self.secret);
  }

  NoiseState noise;
  X25519KeyPair self;
  X25519Public responder;
  X25519KeyPair ephemeral;
  Bytes answer;
};

SealInitiator::SealInitiator(const X25519KeyPair& self, const X25519Public& responder_static,
                             RandomSource& rng, std::string_view prologue)
    : state_(std::make_unique<State>(self, responder_static, rng, prologue)) {}
SealInitiator::~SealInitiator() = default;
SealInitiator::SealInitiator(SealInitiator&&) noexcept = default;
SealInitiator& SealInitiator::operator=(SealInitiator&&) noexcept = default;

Bytes SealInitiator::first_message(ByteView payload) {
  NoiseState& noise = state_->noise;
  Bytes out = to_bytes(ByteView(state_->ephemeral.public_key));
  noise.mix_hash(out);
  if (!mix_exchange(noise, state_->ephemeral.secret, state_->responder)) return {};
  noise.encrypt_and_hash(state_->self.public_key, out);
  if (!mix_exchange(noise, state_->self.secret, state_->responder)) return {};
  noise.encrypt_and_hash(payload, out);
  return out;
}

std::optional<SealedFlow> SealInitiator::finish(ByteView second_message) {
  if (second_message.size() < kSealHandshakeOverhead) return std::nullopt;
  NoiseState& noise = state_->noise;
  const X25519Public theirs = public_from(second_message);
  noise.mix_hash(theirs);
  if (!mix_exchange(noise, state_->ephemeral.secret, theirs)) return std::nullopt;
  if (!mix_exchange(noise, state_->self.secret, theirs)) return std::nullopt;
  auto answer = noise.decrypt_and_hash(second_message.subspan(kX25519Key));
  if (!answer) return std::nullopt;
  state_->answer = std::move(*answer);
  return flow_of(noise, /*initiator=*/true);
}

ByteView SealInitiator::answer() const { return state_->answer; }

struct SealResponder::State {
  State(const X25519KeyPair& key, RandomSource& source, std::string_view prologue)
      : noise(kFlowProtocol), static_key(key), rng(source) {
    begin(noise, prologue, static_key.public_key);
  }
  ~State() { wipe(static_key.secret); }

  NoiseState noise;
  X25519KeyPair static_key;
  RandomSource& rng;
  X25519Public known{};  // the initiator's static key
  std::optional<X25519Public> initiator;  // its ephemeral key, once the first message was opened
};

SealResponder::SealResponder(const X25519KeyPair& static_key, RandomSource& rng,
                             std::string_view prologue)
    : state_(std::make_unique<State>(static_key, rng, prologue)) {}
SealResponder::~SealResponder() = default;
SealResponder::SealResponder(SealResponder&&) noexcept = default;
SealResponder& SealResponder::operator=(SealResponder&&) noexcept = default;

std::optional<Bytes> SealResponder::open_first(ByteView first_message) {
  if (first_message.size() < kFirstMessageOverhead) return std::nullopt;
  NoiseState& noise = state_->noise;
  const X25519Public theirs = public_from(first_message);
  noise.mix_hash(theirs);
  if (!mix_exchange(noise, state_->static_key.secret, theirs)) return std::nullopt;
  ByteView rest = first_message.subspan(kX25519Key);
  const auto known = noise.decrypt_and_hash(rest.first(kX25519Key + kSealTag));
  if (!known) return std::nullopt;
  state_->known = public_from(*known);
  if (!mix_exchange(noise, state_->static_key.secret, state_->known)) return std::nullopt;
  auto payload = noise.decrypt_and_hash(rest.subspan(kX25519Key + kSealTag));
  if (payload) state_->initiator = theirs;
  return payload;
}

const X25519Public& SealResponder::initiator_static() const { return state_->known; }

std::pair<Bytes, SealedFlow> SealResponder::second_message(ByteView payload) {
  require(state_->initiator.has_value(), "answer a first message that was not opened");
  NoiseState& noise = state_->noise;
  X25519KeyPair ephemeral = X25519KeyPair::generate(state_->rng);
  Bytes out = to_bytes(ByteView(ephemeral.public_key));
  noise.mix_hash(out);
  // A key of small order already failed in open_first: it fails with every secret.
  require(mix_exchange(noise, ephemeral.secret, *state_->initiator), "agree on a flow's keys");
  require(mix_exchange(noise, ephemeral.secret, state_->known), "agree with a client's key");
  wipe(ephemeral.secret);
  noise.encrypt_and_hash(payload, out);
  return {std::move(out), flow_of(noise, /*initiator=*/false)};
}

}  // namespace rap::crypto
