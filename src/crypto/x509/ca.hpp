// Issuing certificates: offline root → intermediate → leaf (PK-1, PK-2). ECDSA P-256 throughout.
// Every function is deterministic but for the key, the serial and the ECDSA nonce.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "crypto/keys/keys.hpp"
#include "crypto/x509/certificate.hpp"

namespace rap::crypto {

struct Validity {
  WallTime not_before;
  WallTime not_after;
};

struct Issuer {
  Certificate certificate;
  PrivateKey key;
};

// CA:TRUE, keyCertSign+cRLSign, subject "CN=RAP Platform Root <cluster>", SKI.
Issuer make_root(ClusterId cluster, Validity validity, RandomSource& rng);
// The one cluster that all of these roots name in their subjects, as make_root() writes them;
// nullopt when there is none. Whoever holds a root, and nothing else of a platform, knows by it
// whose members to believe: the pin of a root covers its subject too.
std::optional<ClusterId> cluster_of_roots(const std::vector<Certificate>& roots);

// CA:TRUE pathlen:0, keyCertSign+cRLSign+digitalSignature, AKI/SKI, signed by the root.
Issuer make_intermediate(const Issuer& root, ClusterId cluster, Validity validity,
                         RandomSource& rng);

// What a leaf is for, beyond its names.
struct LeafProfile {
  bool client = true;        // EKU clientAuth beside serverAuth
  bool must_staple = false;  // TLS feature status_request (RFC 7633)
  std::string ocsp_url = {};  // its status is asked for here (AIA); empty: it names none
  std::string crl_url = {};  // its issuer's CRL is here (RFC 5280 §4.2.1.13); empty: it names none
};

// A leaf: CA:FALSE, digitalSignature, EKU serverAuth+clientAuth, critical SAN with exactly `names`,
// empty subject, AKI/SKI, a random positive 159-bit serial. notAfter never exceeds the issuer's.
Certificate issue_leaf(const Issuer& issuer, const PublicKey& subject_key,
                       const SubjectNames& names, Validity validity, RandomSource& rng,
                       const LeafProfile& profile = {});

// The issuer lets this signer say how its certificates stand (RFC 6960 §4.2.2.2): id-kp-OCSPSigning
// and nothing else, id-pkix-ocsp-nocheck (nobody is asked about it: it lives shortly), and no SAN:
// it is no member of the cluster.
Issuer make_ocsp_signer(const Issuer& issuer, ClusterId cluster, Validity validity,
                        RandomSource& rng);

}  // namespace rap::crypto
