// Whether a server's certificate comes from a public authority and is for a host: what every client
// of the web checks (RFC 5280, RFC 9525), with the authorities of the machine's own bundle. It
// proves the host and nothing else: whoever can show an authority that the host is theirs gets one.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/certificate_path.hpp"

struct x509_store_st;

namespace rap::crypto {

// The authorities of a bundle, as Debian keeps one in /etc/ssl/certs/ca-certificates.crt.
class PublicRoots {
 public:
  // nullopt where there is no certificate in it, or one that does not parse.
  static std::optional<PublicRoots> from_pem(std::string_view bundle);
  x509_store_st* native() const { return store_.get(); }

 private:
  explicit PublicRoots(std::shared_ptr<x509_store_st> store) : store_(std::move(store)) {}
  std::shared_ptr<x509_store_st> store_;
};

// Whether the SAN has `host`, an IP literal or a DNS name, for which a wildcard may stand in the
// leftmost label. A common name is never read.
bool is_for_host(const Certificate& leaf, std::string_view host);

// The path from `leaf` to one of `roots` at time `now`, by the usual profile: keys of 112 bits of
// security at the least, no SHA-1, serverAuth. `wrong_name` where it is not for `host`;
// `bad_status` where the leaf must be stapled, which nobody does for it here.
std::expected<CertificatePath, CertificateFault> verify_public_server(
    const Certificate& leaf, const std::vector<Certificate>& presented, const PublicRoots& roots,
    std::string_view host, WallTime now);

}  // namespace rap::crypto
