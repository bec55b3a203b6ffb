#include "control/pki/status/crl_responder.hpp"

#include <algorithm>
#include <charconv>

#include "base/encoding.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "control/pki/ocsp_signers.hpp"
#include "control/pki/status/publication.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/x509/crl.hpp"

namespace rap::control {
namespace {

constexpr std::string_view kContentType = "application/pkix-crl";

struct Of {
  const crypto::Issuer& issuer;
  std::string ca_ref;
};

std::optional<Of> issuer_of(const Authority& authority, std::string_view path) {
  const std::string_view wanted = path.substr(std::min(path.size(), kCrlPath.size() + 1));
  if (wanted.empty() || wanted == authority.ca_ref()) {
    return Of{authority.intermediate, authority.ca_ref()};
  }
  if (authority.former && wanted == authority.former->ca_ref) {
    return Of{authority.former->intermediate, authority.former->ca_ref};
  }
  return std::nullopt;
}

std::optional<Edition> edit(Transaction& tx, const Of& of, WallTime now) {
  // RFC 5280 §5: an entry is on one list more after its certificate has expired.
  const auto revoked = tx.certificates().revoked(CertificateRepository::Met::by_anybody,
                                                 now - 2 * kCrlRefresh, kMaxCrlEntries + 1);
  if (revoked.size() > kMaxCrlEntries) return std::nullopt;
  std::vector<crypto::CrlEntry> entries;
  std::string said = of.issuer.certificate.fingerprint_hex();
  for (const RevokedCertificate& c : revoked) {
    if (c.ca_ref != of.ca_ref) continue;
    const auto reason = revocation_reason(c.holder, c.key_revoked);
    entries.push_back({c.serial, c.revoked_at, reason});
    said += " " + c.serial + "/" + std::to_string(static_cast<int>(reason));
  }
  return Edition{crypto::sha256_hex(as_bytes(said)),
                 [&of, now, entries = std::move(entries)](std::uint64_t number) {
                   return to_base64(crypto::sign_crl(
                       of.issuer, number, entries, now - kCertificateBackdate, now + kCrlValidity));
                 }};
}

std::string tag_of(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }

// 0 for what is no tag of ours.
std::uint64_t version_in(std::string_view tag) {
  std::uint64_t version = 0;
  if (tag.size() > 2) std::from_chars(tag.data() + 1, tag.data() + tag.size() - 1, version);
  return tag_of(version) == tag ? version : 0;
}

wire::HttpResponse plain(int status, std::string text) {
  wire::HttpResponse response;
  response.status = status;
  response.content_type = "text/plain";
  response.body = std::move(text);
  return response;
}

}  // namespace

bool asks_for_crl(const wire::HttpRequest& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads &&
         (request.path == kCrlPath || request.path.starts_with(std::string(kCrlPath) + "/"));
}

wire::HttpResponse answer_crl(const StatusPorts& ports, const wire::HttpRequest& request,
                              WallTime now) {
  const auto authority = ports.authority.get();
  const auto of = issuer_of(*authority, request.path);
  if (!of) return plain(404, "There is no such issuer here.\n");

  const std::uint64_t known = version_in(request.header("if-none-match"));
  std::optional<Publication> list;
  const auto ran = ports.database.run(Scope::cluster(authority->cluster), [&](Transaction& tx) {
    list = newest(tx,
                  {.name = "crl:" + of->ca_ref,
                   .refresh = kCrlRefresh,
                   .edit = [&](Transaction& t) { return edit(t, *of, now); }},
                  now, known);
    return Ending::commit;
  });
  if (ran && !list)
    ports.log.error(LogCause::stranger({}), "crl.too_large", {{"limit", kMaxCrlEntries}});
  const auto der = list ? from_base64(list->body) : std::nullopt;
  if (!ran || !der) return plain(503, "The list is not available at the moment.\n");
  wire::HttpResponse response;
  response.content_type = kContentType;
  response.headers = {{"etag", tag_of(list->version)},
                      {"cache-control", "max-age=" + std::to_string(kCrlMaxAge.count())}};
  if (list->version == known) {
    response.status = 304;
  } else {
    response.body = std::string(as_text(*der));
  }
  return response;
}

}  // namespace rap::control
