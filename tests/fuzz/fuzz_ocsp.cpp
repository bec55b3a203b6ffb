// OCSP both ways. A request: what is taken is within the bounds and can be answered. A response: no
// other than the one that was signed makes the certificate good. The first byte says which, and
// whether the rest are edits of one of ours (position, position, byte) or all there is.

#include "crypto/ocsp/ocsp.hpp"
#include "crypto/testing/pki.hpp"
#include "fuzz.hpp"

namespace {

using namespace rap;

struct Made {
  crypto::TestPki pki{1};
  crypto::TestMember member = pki.member();
  crypto::Issuer signer =
      crypto::make_ocsp_signer(pki.intermediate, pki.cluster, crypto::TestPki::validity, pki.rng);
  Bytes request = crypto::make_ocsp_request(member.leaf, pki.intermediate.certificate);
  Bytes response = answer(request);

  Bytes answer(ByteView asked) const {
    const auto parsed = crypto::parse_ocsp_request(asked);
    std::vector<crypto::OcspAnswer> answers;
    for (const auto& id : parsed->certificates) {
      answers.push_back({id,
                         {crypto::OcspStatus::Kind::good},
                         crypto::TestPki::now,
                         crypto::TestPki::now + crypto::kMaxStapleAge});
    }
    return crypto::sign_ocsp_response(signer, answers, parsed->nonce, crypto::TestPki::now);
  }
};

Bytes input_of(const Bytes& ours, const std::uint8_t* data, std::size_t size) {
  if ((data[0] & 1) != 0) return {data + 1, data + size};
  Bytes out = ours;
  for (std::size_t i = 1; i + 2 < size; i += 3) {
    out[static_cast<std::size_t>(data[i] << 8 | data[i + 1]) % out.size()] = data[i + 2];
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Made made;
  if (size == 0) return 0;
  if ((data[0] & 2) != 0) {
    const Bytes der = input_of(made.response, data, size);
    const auto fault =
        crypto::check_ocsp_response(der, made.member.leaf, made.pki.intermediate.certificate,
                                    crypto::TestPki::now, crypto::kMaxStapleAge);
    fuzz::require(fault || der == made.response);
    return 0;
  }
  const Bytes der = input_of(made.request, data, size);
  const auto request = crypto::parse_ocsp_request(der);
  if (!request) return 0;
  fuzz::require(der.size() <= crypto::kMaxOcspRequestBytes);
  fuzz::require(request->certificates.size() <= crypto::kMaxOcspCertificates);
  fuzz::require(request->nonce.size() <= crypto::kMaxOcspNonceBytes);
  fuzz::require(!made.answer(der).empty());
  return 0;
}
