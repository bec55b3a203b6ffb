// A data-plane token: nothing but the one that was signed is ever accepted. The input is that
// token's text with edits: pairs of (position, byte), or any text at all.

#include <optional>

#include "base/seeded_random.hpp"
#include "crypto/tokens/data_plane_token.hpp"
#include "fuzz.hpp"

namespace {

using namespace rap;

struct Signed {
  ClusterId cluster;
  std::vector<crypto::VerificationKey> keys;
  std::string text;
  WallTime now = from_unix(1'800'000'000);

  Signed() {
    SeededRandom rng(1);
    cluster = ClusterId::random(rng);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    keys.push_back({"k1", key.public_key()});
    crypto::DataPlaneToken token;
    token.id = TokenId::random(rng);
    token.cluster = cluster;
    token.session = SessionId::random(rng);
    token.attachment = AttachmentId::random(rng);
    token.user = UserId::random(rng);
    token.organization = OrganizationId::random(rng);
    token.resource = ResourceId::random(rng);
    token.egress_pool = EgressPoolId::random(rng);
    token.entry = NodeId::random(rng);
    token.classes = {wire::TrafficClass::input};
    token.session_began = now;
    token.issued_at = now;
    token.expires_at = now + std::chrono::seconds(30);
    rng.fill(token.flow_key);
    text = sign_token(token, key, "k1");
  }
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Signed original;
  if (size == 0) return 0;
  std::string text;
  if (data[0] & 1) {
    text = fuzz::as_text(data + 1, size - 1);
  } else {
    text = original.text;
    for (std::size_t i = 1; i + 2 < size; i += 3) {
      text[(data[i] << 8 | data[i + 1]) % text.size()] = static_cast<char>(data[i + 2]);
    }
  }
  const auto token = verify_token(text, original.keys, original.cluster, original.now);
  fuzz::require(token.has_value() == (text == original.text));
  return 0;
}
