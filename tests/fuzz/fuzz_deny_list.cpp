// A client's deny list, the input being what a trusted intermediate has signed: it may be refused,
// and one that is taken is the same when it is sealed and opened again.

#include "base/seeded_random.hpp"
#include "crypto/tokens/dsse.hpp"
#include "fuzz.hpp"
#include "snapshot/public_deny_list.hpp"

namespace {

using namespace rap;

constexpr WallTime kNow = from_unix(1'800'000'000);

struct Authority {
  SeededRandom rng{1};
  ClusterId cluster = ClusterId::random(rng);
  crypto::Validity validity{kNow - std::chrono::hours{1}, kNow + std::chrono::hours{1}};
  crypto::Issuer root = crypto::make_root(cluster, validity, rng);
  crypto::Issuer intermediate = crypto::make_intermediate(root, cluster, validity, rng);
  std::string pem = intermediate.certificate.pem();
  snapshot::DenyListTrust trust{.roots = {root.certificate}};
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Authority authority;
  const std::string sealed = crypto::seal_envelope(
      authority.intermediate.key, authority.intermediate.certificate.fingerprint_hex(),
      snapshot::kPublicDenyListType, {data, size});
  const auto list = snapshot::open_deny_list(sealed, authority.pem, authority.trust, kNow);
  fuzz::require(list || list.error() != snapshot::DenyListFault::wrong_signer);
  if (!list) return 0;
  const auto again =
      snapshot::open_deny_list(snapshot::seal_deny_list(*list, authority.intermediate),
                               authority.pem, authority.trust, kNow);
  fuzz::require(again && again->version == list->version && again->cluster == list->cluster &&
                again->issued_at == list->issued_at && again->expires_at == list->expires_at &&
                snapshot::content_of(again->entries) == snapshot::content_of(list->entries));
  return 0;
}
