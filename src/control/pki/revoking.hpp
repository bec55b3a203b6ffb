// Revoking nodes, certificates and keys (CH-13): the inventory, and the list that every node is
// given with its configuration. All of it in the caller's transaction.
#pragma once

#include "control/http/route.hpp"
#include "crypto/x509/revocation_reason.hpp"

namespace rap::control {

// A SHA-256 as the inventory keeps it; nullopt for certificates from before it did.
std::optional<crypto::Sha256> digest_of(const std::string& hex);

// The node is out for good, with everything that was ever issued to it.
Outcome<void> revoke_node(Services& s, Transaction& tx, const Call& call, const Node& node,
                          snapshot::RevocationSeverity severity);

// One certificate; with `and_key` every certificate of its key, present or to come.
Outcome<void> revoke_certificate(Transaction& tx, const Call& call,
                                 const NodeCertificate& certificate,
                                 snapshot::RevocationSeverity severity, bool and_key);

// What OCSP and CRLs give as the reason.
crypto::RevocationReason revocation_reason(NodeState state, bool key_revoked);

// "close" unless "drain" was asked for.
snapshot::RevocationSeverity severity_of(const Call& call);

}  // namespace rap::control
