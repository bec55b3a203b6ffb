// A peer's certificate: nothing but the one that was issued is ever believed. The input is that
// certificate with edits: triples of (position, position, byte), or any bytes at all.

#include "crypto/testing/pki.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"
#include "fuzz.hpp"

namespace {

using namespace rap;

struct Issued {
  crypto::TestPki pki{1};
  crypto::TestMember member = pki.member();
  Bytes der = member.leaf.der();
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Issued issued;
  if (size == 0) return 0;
  Bytes der = issued.der;
  if (data[0] & 1) {
    der.assign(data + 1, data + size);
  } else {
    for (std::size_t i = 1; i + 2 < size; i += 3) {
      der[(data[i] << 8 | data[i + 1]) % der.size()] = data[i + 2];
    }
  }
  const auto leaf = crypto::Certificate::from_der(der);
  if (!leaf) return 0;
  const auto id =
      crypto::verify_peer(*leaf, issued.member.chain, issued.pki.roots(), crypto::PeerSide::client,
                          wire::SpiffeId::Kind::node, issued.pki.cluster, crypto::TestPki::now);
  fuzz::require(!id || leaf->der() == issued.der);
  return 0;
}
