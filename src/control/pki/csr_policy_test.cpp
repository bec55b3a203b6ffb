#include "control/pki/csr_policy.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "snapshot/certificate_names.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::control {
namespace {

// Made by OpenSSL's command, each with an empty subject and no names; the last one's signature was
// bent afterwards.
constexpr const char* kCompressedPoint =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIGbMEICAQAwADA5MBMGByqGSM49AgEGCCqGSM49AwEHAyIAAx7JtCXajjb37E02\n"
    "LfcTgBn3eII87T7RqE8TCfdqOtnDoAAwCgYIKoZIzj0EAwIDSQAwRgIhAJP34ObD\n"
    "lc3SEDlm/ITUfLKKUfqJnRTdatFr4sMaDd8LAiEAl0WjIiBTmfL3Rw35CQbvrelw\n"
    "cCHT96+fRhaMychWoMM=\n"
    "-----END CERTIFICATE REQUEST-----\n";
constexpr const char* kP384 =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIH2MH8CAQAwADB2MBAGByqGSM49AgEGBSuBBAAiA2IABM5eu9UT18NsJ6DkEYJe\n"
    "gNyZuroN9hVN/dbkPIllHGijEhPiTq6xsZUBJww/fVNyKsB5NMAGcrh0lAmmwGxo\n"
    "qlGV5Za256cVrxIWhuy2yiVy2YKYZCbvJbRzLe6gTXFwY6AAMAoGCCqGSM49BAMC\n"
    "A2cAMGQCMGylCPpTtw5pbpGE8yM3XW3u2bGEqlu7LQEZN1TOE3FZcI+JSq5GSi4+\n"
    "XEHX9j3uKAIwfXNgU/zS/8IFK/1yAmKNSAT38ZOd03TM5/F+K42ugukGhxdAcPI4\n"
    "c9ZsPY9kKdJj\n"
    "-----END CERTIFICATE REQUEST-----\n";
constexpr const char* kRsa =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIICRTCCAS0CAQAwADCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAOgp\n"
    "LccfzxAMljd0PXADWPuUfFM5i4p9ucRmgmFa25VzpC3n5up0crsp9aHteL6hUIs6\n"
    "PI4jFoIpxKkKhz10gJtcKi82JyE2SBbT8bgK0mQPKHj12OJWmt3Bdu4bK/lrzM7k\n"
    "/7T0qxnqDvpUeoSdZ6Oidui0Dc06CW7AFW3AwIKMOxfIVLQUTeYpIMbnDNL7egQS\n"
    "iSmM9k4mpCTOrVig4r1vSooaiRLwdxV7he8JnJL89/09jTRUFPcQhiXf2yK7Y3Kw\n"
    "EiKj6wHCTz1p/s4igC3gHHn/4KLtV33jSsgEvjAHkk0DqakTVbrIdq4cegiRdJ5p\n"
    "z4c4halOQ5UnqRyQvEcCAwEAAaAAMA0GCSqGSIb3DQEBCwUAA4IBAQAu6ctwLz5Q\n"
    "Cd32Eha2elGgSQ26cGL7Fa4utaFMOIp/m+npChMd76zKeLpCsQaWy4/V+S/KgNf8\n"
    "gA0wZEIGEN3YITDuRNTJh+PFutu7/369ZC1BK1ocBzS9IrKUDUN/cLw/kURnOs+h\n"
    "5s8hQZz7pGIjjTkfc7Pz9Wwc7JB4xxVOYv7aQfINInKz396DhdvDiVItUM+90UQ3\n"
    "gT8WOYDEY8DI/h+KPyfgYsKmCdu3a0DcHMOgo7pKvbfBuZn451ZtgBgZjhr2FRxX\n"
    "dXdIP6AdpWHB10aAR0MrwLFmM2WJn2YLYrffzuQt2+XNNWI9BDkM/f49S8AZT1/p\n"
    "54NfbF8vVyX4\n"
    "-----END CERTIFICATE REQUEST-----\n";
constexpr const char* kWrongSignature =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABA1do6gZFJEI+tvP\n"
    "toyAkwADTopp7e7TiYbIL9Leu2WaQKVGgRKCKyzniGBlcA/DwmmVhbH0h4WUGgpi\n"
    "iKYh+JegADAKBggqhkjOPQQDAgNHADBEAiBEK4HnuG45QfOrCSlsCi6xfB0QiAnb\n"
    "X8qQLC6yq1V+DgIgbkIxJZpFJ47CCK56TTn6APQVZJ4rXikzBqRgLGYdjmM=\n"
    "-----END CERTIFICATE REQUEST-----\n";

class CsrPolicy : public ::testing::Test {
 protected:
  std::string code_of(const crypto::SubjectNames& asked) {
    const auto accepted = accept_request(crypto::make_csr(key, asked), expected);
    return accepted ? "accepted" : std::string(wire::to_string(accepted.error().code));
  }

  SeededRandom rng{4};
  ClusterId cluster = ClusterId::random(rng);
  NodeId node = NodeId::random(rng);
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames expected = snapshot::node_certificate_names(
      cluster, node, std::vector<wire::HostPort>{{"Entry.Example", 443}, {"2001:DB8::1", 4444}});
};

TEST_F(CsrPolicy, AcceptsExactlyThoseNames) {
  EXPECT_EQ(code_of(expected), "accepted");
  auto other = expected;
  other.dns = {"ENTRY.example"};
  EXPECT_EQ(code_of(other), "accepted") << "DNS names ignore case";
}

TEST_F(CsrPolicy, RefusesMoreFewerOrOtherNames) {
  const auto changed = [&](auto change) {
    auto names = expected;
    change(names);
    return code_of(names);
  };
  const std::string refused = "csr_names_mismatch";
  EXPECT_EQ(changed([](auto& n) { n.dns.push_back("evil.example"); }), refused);
  EXPECT_EQ(changed([](auto& n) { n.dns.clear(); }), refused);
  EXPECT_EQ(changed([](auto& n) { n.dns = {"*.example"}; }), refused);
  EXPECT_EQ(changed([](auto& n) { n.ips = {"2001:db8::2"}; }), refused);
  EXPECT_EQ(changed([](auto& n) { n.uris.clear(); }), refused);
  EXPECT_EQ(changed([&](auto& n) {
              n.uris = {wire::SpiffeId::of_node(cluster, NodeId::random(rng)).str()};
            }),
            refused);
  EXPECT_EQ(changed([&](auto& n) {
              n.uris = {wire::SpiffeId::of_node(ClusterId::random(rng), node).str()};
            }),
            refused);
  EXPECT_EQ(changed([](auto& n) { n.uris.push_back("spiffe://other/x"); }), refused);
}

TEST_F(CsrPolicy, RefusesAnotherKindOfKeyAndWhatIsNoRequest) {
  key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_EQ(code_of(expected), "csr_key_unacceptable");
  EXPECT_EQ(accept_request("", expected).error().code, ProblemCode::csr_malformed);
}

TEST_F(CsrPolicy, NamesWhatIsWrongWithARequestFieldByField) {
  const auto code = [&](const char* pem) {
    return std::string(wire::to_string(accept_request(pem, expected).error().code));
  };
  EXPECT_EQ(code(kCompressedPoint), "csr_key_unacceptable") << "it would have another hash";
  EXPECT_EQ(code(kP384), "csr_key_unacceptable");
  EXPECT_EQ(code(kRsa), "csr_key_unacceptable");
  EXPECT_EQ(code(kWrongSignature), "csr_signature_wrong");
  EXPECT_EQ(code("no request"), "csr_malformed");
}

}  // namespace
}  // namespace rap::control
