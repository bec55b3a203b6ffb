// x509-limbo: certificate paths, most of which must be refused. Every case runs twice:
//
//   verify_path   what the product calls: none of the bad paths is accepted. Neither are the good
//                 ones, whose leaves lack the critical key usage and the EKU of ours.
//   verify_chain  with the host name, so that the rules of the path are seen on their own. Where it
//                 differs from the expectation, the case is listed with the reason.
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "crypto/testing/vectors.hpp"
#include "crypto/x509/validation/certificate_path.hpp"

namespace rap::crypto {
namespace {

using Json = nlohmann::json;

constexpr WallTime kDefaultTime = from_unix(1'764'000'000);  // cases that name no time have it

struct Case {
  std::string id;
  bool good = false;
  std::optional<Certificate> leaf;  // a certificate that does not parse is refused
  std::vector<Certificate> presented;
  std::vector<Certificate> roots;
  PeerSide side = PeerSide::server;
  WallTime time = kDefaultTime;
  std::string host;  // empty: the case is not about one
};

std::vector<Certificate> certificates_of(const Json& texts, bool& readable) {
  std::vector<Certificate> out;
  for (const Json& text : texts) {
    const auto chain = Certificate::chain_from_pem(text.get<std::string>());
    readable = readable && chain;
    if (chain) out.insert(out.end(), chain->begin(), chain->end());
  }
  return out;
}

WallTime time_of(const std::string& rfc3339) {
  std::tm fields{};
  EXPECT_NE(strptime(rfc3339.c_str(), "%Y-%m-%dT%H:%M:%S", &fields), nullptr);
  return from_unix(timegm(&fields));
}

Case case_of(const Json& json) {
  Case out;
  out.id = json["id"];
  out.good = json["expected_result"] == "SUCCESS";
  bool readable = true;
  out.leaf = Certificate::from_pem(json["peer_certificate"].get<std::string>());
  out.presented = certificates_of(json["untrusted_intermediates"], readable);
  out.roots = certificates_of(json["trusted_certs"], readable);
  if (!readable) out.leaf.reset();
  if (json["validation_kind"] == "CLIENT") out.side = PeerSide::client;
  if (json["validation_time"].is_string()) out.time = time_of(json["validation_time"]);
  if (json["expected_peer_name"].is_object()) out.host = json["expected_peer_name"]["value"];
  return out;
}

std::vector<Case> load_cases() {
  std::vector<Case> out;
  const Json file = load_vectors("x509-limbo/limbo.json");
  for (const Json& json : file["testcases"]) out.push_back(case_of(json));
  return out;
}

// Bad paths that the chain rules alone let pass.
const std::map<std::string, std::string> kLenient = {
    // Revocation is a deny list above the path (deny_list.hpp); the lists of these are CRLs.
    {"crl::revoked-certificate-with-crl", "CRL"},
    {"crl::crlnumber-missing", "CRL"},
    {"crl::crlnumber-critical", "CRL"},
    {"crl::issuer-missing-crlsign", "CRL"},
    // Our depth is a constant, these ask for another.
    {"pathlen::max-chain-depth-0-exhausted", "depth"},
    {"pathlen::max-chain-depth-1-exhausted", "depth"},
    // The leaf's rules stand in verify_path.
    {"webpki::eku::ee-anyeku", "leaf"},
    {"webpki::eku::ee-without-eku", "leaf"},
    {"webpki::ee-basicconstraints-ca", "leaf"},
    {"rfc5280::nc::not-allowed-in-ee-critical", "leaf"},
    // A name we never compare: the common name, or a SAN other than the host in question.
    {"webpki::cn::ipv4-hex-mismatch", "common name"},
    {"webpki::cn::ipv4-leading-zeros-mismatch", "common name"},
    {"webpki::cn::ipv6-uppercase-mismatch", "common name"},
    {"webpki::cn::ipv6-uncompressed-mismatch", "common name"},
    {"webpki::cn::ipv6-non-rfc5952-mismatch", "common name"},
    {"webpki::cn::punycode-not-in-san", "common name"},
    {"webpki::cn::utf8-vs-punycode-mismatch", "common name"},
    {"webpki::cn::not-in-san", "common name"},
    {"webpki::cn::case-mismatch", "common name"},
    {"rfc5280::san::underscore-dns", "host compared as text"},
    {"rfc5280::nc::nc-permits-invalid-dns-san", "host compared as text"},
    {"rfc5280::nc::nc-permits-invalid-email-san", "e-mail, which peers never have"},
    // Forms that the public web forbids its authorities; they weaken no check.
    {"rfc5280::nc::invalid-dnsname-leading-period", "form"},
    {"webpki::nc::intermediate-permitted-excluded-subtrees-both-null", "form"},
    {"webpki::nc::intermediate-permitted-excluded-subtrees-both-empty-sequences", "form"},
    {"webpki::aki::root-with-aki-missing-keyidentifier", "form"},
    {"webpki::eku::ee-critical-eku", "form"},
    {"webpki::eku::root-has-eku", "form"},
    {"webpki::san::san-critical-with-nonempty-subject", "form"}};

// Good paths that we refuse.
const std::map<std::string, std::string> kStrict = {
    {"crl::issuer-no-keyusage-extension", "an authority states its key usage"},
    {"pathlen::validation-ignores-pathlen-in-leaf", "a leaf is no authority"},
    {"rfc5280::ca-as-leaf", "a leaf is no authority"},
    {"cve::cve-2024-0567", "presents more certificates than we look at"},
    {"rfc5280::nc::nc-forbids-alternate-chain-ica", "no search through cross-signed authorities"},
    {"rfc5280::nc::nc-forbids-same-chain-ica", "no search through cross-signed authorities"},
    {"rfc5280::root-and-intermediate-swapped", "only a self-signed root is an anchor"},
    {"rfc5280::validity::notafter-exact", "expired from the second of notAfter on"},
    {"rfc5280::validity::notafter-fractional", "expired from the second of notAfter on"},
    {"webpki::nc::permitted-dns-match-noncritical", "constraints are critical"},
    {"webpki::nc::nc-permits-dns-san-pattern", "no wildcards"},
    {"webpki::san::leftmost-wildcard-san", "no wildcards"},
    {"webpki::cryptographydotio-chain", "RSA"},
    {"online::google.com", "RSA"},
    {"online::aws.amazon.com", "RSA"},
    {"online::fastly.com", "RSA"},
    {"online::apple.com", "P-384"},
    {"online::stackoverflow.com", "P-384"},
    {"online::microsoft.com", "RSA"},
    {"online::cloudflare.com", "P-384"},
    {"online::facebook.com", "RSA"},
    {"online::amazon.com", "RSA"},
    {"online::s3.amazonaws.com", "RSA"},
    {"online::akamai.com", "P-384"},
    {"online::storage.googleapis.com", "RSA"},
    {"online::docs.python.org", "RSA"},
    {"online::bing.com", "RSA"}};

TEST(Limbo, NoBadPathIsAccepted) {
  int bad = 0;
  int good = 0;
  for (const Case& c : load_cases()) {
    ++(c.good ? good : bad);
    if (!c.leaf) continue;
    EXPECT_FALSE(verify_path(*c.leaf, c.presented, c.roots, c.side, c.time)) << c.id;
  }
  EXPECT_EQ(bad, 145);
  EXPECT_EQ(good, 63);
}

TEST(Limbo, TheRulesOfThePathDifferOnlyWhereWeSayWhy) {
  std::set<std::string> lenient;
  std::set<std::string> strict;
  for (const Case& c : load_cases()) {
    const bool accepted = c.leaf && (c.host.empty() || c.leaf->speaks_for(c.host)) &&
                          verify_chain(*c.leaf, c.presented, c.roots, c.side, c.time);
    if (accepted == c.good) continue;
    (c.good ? strict : lenient).insert(c.id);
    EXPECT_TRUE((c.good ? kStrict : kLenient).contains(c.id)) << c.id;
  }
  EXPECT_EQ(lenient.size(), kLenient.size());
  EXPECT_EQ(strict.size(), kStrict.size());
}

TEST(Limbo, TheDocumentNamesEveryDifference) {
  std::ifstream file(RAP_SOURCE_DIR "/docs/protocol/certificate-validation.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const auto& list : {kLenient, kStrict}) {
    for (const auto& [id, why] : list) {
      EXPECT_NE(text.find("`" + id + "`"), std::string::npos) << id;
    }
  }
}

}  // namespace
}  // namespace rap::crypto
