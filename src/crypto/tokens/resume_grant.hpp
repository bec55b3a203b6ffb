// The resume grant (DP-6): the right of one client to go on with the flows of one session, at any
// entry of the cluster, for as long as policy says and whether the control plane is there or not. A
// JWS of type "rap-resume+jwt" whose claims are the fields below, all of them, each once, and no
// other. It comes with an attachment and, unlike a token, may be shown often: what makes it worth
// nothing to whoever steals it are the two keys it names.
//
//   proof_key  signs what an entry sees of one connection; the entry checks that
//   flow_key   is the client's in the handshake with the egress; the egress checks that
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "crypto/tokens/jws.hpp"
#include "crypto/tokens/token_claims.hpp"
#include "wire/traffic_class.hpp"

namespace rap::crypto {

inline constexpr std::chrono::seconds kMaxGrantLifetime = std::chrono::hours{24};

struct ResumeGrant {
  TokenId id;  // jti
  ClusterId cluster;  // cluster
  SessionId session;  // sid
  AttachmentId attachment;  // att
  UserId user;  // sub
  std::uint64_t auth_epoch = 0;  // epoch
  DeviceId device;  // dev; nil when none was proven
  OrganizationId organization;  // org
  ResourceId resource;  // res
  EgressPoolId egress_pool;  // pool
  wire::TrafficClassSet classes;  // classes
  ClientKey proof_key{};  // proof_key: Ed25519, in base64url
  ClientKey flow_key{};  // flow_key: X25519, in base64url
  WallTime session_began;  // began: not after iat
  WallTime issued_at;  // iat
  WallTime expires_at;  // exp

  bool operator==(const ResumeGrant&) const = default;
};

std::string sign_grant(const ResumeGrant& grant, const PrivateKey& key, std::string_view kid);

// Signature, shape, cluster and time. Whether the person, the session and the device are still to
// be served is the caller's to judge, as for a token.
std::expected<ResumeGrant, TokenFault> verify_grant(std::string_view text,
                                                    const std::vector<VerificationKey>& keys,
                                                    ClusterId cluster, WallTime now);

// What a client proves with: the very connection, by what TLS exports of it to its two ends alone
// (RFC 8446 §7.5, label "EXPORTER-rap-flow-resume"), the entry at its end, and what it asks for.
struct ResumeTranscript {
  std::string_view grant;
  NodeId entry;
  ByteView exporter;  // kResumeExporterBytes
  ByteView first_message;  // for the egress
};
inline constexpr std::string_view kResumeExporterLabel = "EXPORTER-rap-flow-resume";
inline constexpr std::size_t kResumeExporterBytes = 32;
inline constexpr std::size_t kResumeProofBytes = 64;

// `key` is the Ed25519 key whose public half is the grant's proof_key.
Bytes make_resume_proof(const PrivateKey& key, const ResumeTranscript& transcript);
bool verify_resume_proof(const ResumeGrant& grant, const ResumeTranscript& transcript,
                         ByteView proof);

}  // namespace rap::crypto
