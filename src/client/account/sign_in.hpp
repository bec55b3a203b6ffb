// Signing in: the server is known first, and shown the password then.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "client/api/client_network.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "client/core/profile.hpp"
#include "client/core/terminal.hpp"

namespace rap::client {

// How the person knows the platform: at most one of them. With neither, the roots from an earlier
// sign-in to the same server count, and without those the person is asked.
struct TrustAnchor {
  std::optional<std::string> fingerprint;  // SHA-256 of the root certificate, hex, colons allowed
  std::optional<std::string> ca_pem;
};

// The roots to verify the server with. What the server sends unverified is believed only when a
// root in it has the fingerprint that the person gave or confirmed.
Fallible<std::string> establish_trust(Home& home, Network& network, Terminal& terminal,
                                      const wire::HostPort& server, const TrustAnchor& anchor,
                                      std::ostream& err);

struct SignedIn {
  Profile profile;
  bool password_is_temporary = false;  // somebody else set it; it opens nothing but its change
};

// The password goes to the server proven by `roots_pem`; profile and roots are stored, the
// roots as far as those vouch for others. The installation gets its key at its first sign-in.
// While too many people sign in at once, it is tried again until the person interrupts it.
Fallible<SignedIn> sign_in(Home& home, Network& network, Terminal& terminal,
                           const wire::Url& server, const std::string& roots_pem,
                           const std::string& email, const std::string& password, WallTime now);

}  // namespace rap::client
