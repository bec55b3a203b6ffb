// What a node remembers of its enrolment, so that a crash at any point continues the same one:
// the signing request is made once and asked for again word by word.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "crypto/tokens/jws.hpp"
#include "wire/join_token.hpp"

namespace rap::agent {

struct ConfigKey {
  std::string kid;
  std::string public_key_pem;
  bool operator==(const ConfigKey&) const = default;
};

struct EnrolmentRecord {
  ClusterId cluster;
  NodeId node;
  std::string control_url;       // "https://host:port/"
  std::string root_fingerprint;  // hex
  std::string join_secret_hash;  // SHA-256, hex: tells a new join token from the old one
  std::string csr;               // PEM
  std::string poll_secret;       // only this node may ask for the outcome
  std::string seal_public;       // base64
  std::string data_plane_advertise;
  std::string fabric_advertise;
  std::string enrolment_id;  // empty until the control plane accepted the request
  // Filled in by the approval:
  std::string node_url;  // "host:port" of the control plane's listener for nodes
  std::vector<ConfigKey> config_keys;

  bool operator==(const EnrolmentRecord&) const = default;
};

std::string to_json(const EnrolmentRecord& record);
std::expected<EnrolmentRecord, std::string> parse_enrolment_record(std::string_view json);

// nullopt when one of the keys does not parse.
std::optional<std::vector<crypto::VerificationKey>> verification_keys(
    const std::vector<ConfigKey>& keys);

}  // namespace rap::agent
