// Certificates that no authority of ours would issue, for tests: each field can be chosen.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "crypto/x509/ca.hpp"

namespace rap::crypto {

// A correct leaf but for its names; a test changes what it is about. Valid from a day before
// TestPki::now to a day after it.
struct CertificatePlan {
  std::vector<std::pair<std::string, std::string>> extensions = {
      {"basicConstraints", "critical,CA:FALSE"},
      {"keyUsage", "critical,digitalSignature"},
      {"extendedKeyUsage", "serverAuth,clientAuth"},
      {"subjectKeyIdentifier", "hash"},
      {"authorityKeyIdentifier", "keyid:always"}};
  std::vector<std::string> uris;
  std::vector<std::string> dns = {"localhost"};
  std::vector<std::string> emails;
  bool names_critical = true;
  bool names_twice = false;
  std::string serial_hex = "4000000000000000000000000000000000000001";
  std::string common_name;
  long version = 2;  // the number stands for X.509 v3
  const char* digest = "SHA256";

  CertificatePlan& set(const std::string& name, const std::string& value) {
    drop(name);
    extensions.emplace_back(name, value);
    return *this;
  }
  CertificatePlan& drop(const std::string& name) {
    std::erase_if(extensions, [&](const auto& e) { return e.first == name; });
    return *this;
  }
};

Certificate issue(const Issuer& issuer, const PublicKey& key, const CertificatePlan& plan);

// The same certificate with the other of the two ECDSA signatures that verify: (r, n - s).
Certificate twin_of(const Certificate& certificate);

}  // namespace rap::crypto
