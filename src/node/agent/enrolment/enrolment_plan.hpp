// How an enrolment starts: continue the one on disk, or make keys and a signing request for a new
// one. The keys are made here and never leave the node.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "crypto/x509/certificate.hpp"
#include "node/agent/enrolment/enrolment_record.hpp"
#include "node/agent/node_files.hpp"
#include "wire/join_token.hpp"
#include "wire/url.hpp"

namespace rap::agent {

// Where clients and other nodes reach this node; the certificate is issued for these hosts.
struct AdvertisedAddresses {
  wire::HostPort data_plane;
  wire::HostPort fabric;

  crypto::SubjectNames node_names(ClusterId cluster, NodeId node) const;
};

struct EnrolmentPlan {
  EnrolmentRecord record;
  std::optional<std::string> join_secret;  // absent: only an accepted enrolment can go on
  std::vector<FileWrite> unsaved;          // to be stored before the first request
};

// `token` may be absent when an enrolment is under way. The same token again continues the same
// enrolment; another token, or other addresses, starts a new one with new keys.
std::expected<EnrolmentPlan, std::string> plan_enrolment(
    NodeFiles& state, const std::optional<wire::JoinToken>& token,
    const AdvertisedAddresses& addresses, RandomSource& rng);

}  // namespace rap::agent
