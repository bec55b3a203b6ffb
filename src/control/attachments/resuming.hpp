// What a client gives and gets at an attachment (DP-6): it gives the keys
// it made, and gets the egresses it may open flows at, and a grant by which it goes on with them at
// any entry. Of the way to these egresses it learns nothing.
#pragma once

#include <vector>

#include "control/access/egress_pool.hpp"
#include "control/attachments/ports.hpp"
#include "control/http/call.hpp"
#include "control/http/schema.hpp"
#include "crypto/tokens/data_plane_token.hpp"

namespace rap::control {

inline constexpr std::size_t kMaxEgressesNamed = 16;

// Their public halves.
struct GivenClientKeys {
  crypto::ClientKey flow_key{};  // X25519: the client's in the handshake with an egress
  crypto::ClientKey proof_key{};  // Ed25519: what it proves to an entry that a grant is its own
};

// The member of a request, `client_keys`, and what it holds.
Field client_keys_field();
GivenClientKeys client_keys_of(const Call& call);

// The egresses of a session's pool in the order in which its flows are to ask them: sessions spread
// over all, and each stays with its own as long as the pool does.
std::vector<FlowEgress> in_order_for(SessionId session, std::vector<FlowEgress> egresses);

// What is decided before a grant is signed.
struct ResumeTerms {
  GivenClientKeys keys;
  std::vector<FlowEgress> egresses;  // of the pool, sorted by id
  WallTime until{};  // the session lasts no longer, nor does any grant
  std::chrono::seconds hold{};  // that an egress holds a flow without a path
};

// The grant is of whom and for what `token` is.
nlohmann::json resume_of(const AttachmentPorts& ports, const crypto::DataPlaneToken& token,
                         ResumeTerms terms);

// The member of an answer, `resume`.
Field resume_field();

}  // namespace rap::control
