// A signing request as a stranger sends it: what is taken keeps every rule, and is the one that was
// signed. The input is a good request with edits (position, position, byte), or any bytes.

#include "base/encoding.hpp"
#include "crypto/keys/pem.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/x509/certificate.hpp"
#include "fuzz.hpp"

namespace {

using namespace rap;

struct Made {
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names{{"a.example"}, {"10.0.0.1"}, {"spiffe://rap/x"}};
  Bytes der = crypto::parse_single_pem(crypto::make_csr(key, names), "CERTIFICATE REQUEST").value();
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Made made;
  if (size == 0) return 0;
  Bytes der = made.der;
  if ((data[0] & 1) != 0) {
    der.assign(data + 1, data + size);
  } else {
    for (std::size_t i = 1; i + 2 < size; i += 3) {
      der[static_cast<std::size_t>(data[i] << 8 | data[i + 1]) % der.size()] = data[i + 2];
    }
  }
  const auto request =
      crypto::CertificateRequest::from_pem(crypto::encode_pem("CERTIFICATE REQUEST", der));
  if (!request) return 0;
  // Whoever does not have our key can only have sent what we signed.
  if (request->key.spki_sha256() == made.key.public_key().spki_sha256()) {
    fuzz::require(request->names == made.names && request->subject.empty());
  }
  return 0;
}
