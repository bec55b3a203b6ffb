#include "client/account/sign_in.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/try.hpp"
#include "client/api/api_types.hpp"
#include "client/api/root_succession.hpp"
#include "client/core/deny_list_store.hpp"
#include "crypto/x509/ca.hpp"
#include "crypto/x509/certificate.hpp"
#include "wire/problem_code.hpp"

namespace rap::client {

namespace {

constexpr std::size_t kFingerprintDigits = 64;

// The fingerprint in lower case, without the colons that openssl prints; nullopt when it is no
// SHA-256.
std::optional<std::string> normalize_fingerprint(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == ':' || c == ' ') continue;
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return std::nullopt;
    out.push_back(c);
  }
  if (out.size() != kFingerprintDigits) return std::nullopt;
  return out;
}

// The fingerprint as people compare it: in pairs, with colons.
std::string spaced(const std::string& fingerprint) {
  std::string out;
  for (std::size_t i = 0; i < fingerprint.size(); i += 2) {
    if (i > 0) out += ":";
    out += fingerprint.substr(i, 2);
  }
  return out;
}

// The roots a server claims, unverified.
Fallible<std::vector<crypto::Certificate>> claimed_roots(Network& network,
                                                         const wire::HostPort& server) {
  const auto answer = ApiClient(network, server, std::nullopt, {}).ask(op::get_trust_bundle());
  if (!answer) return std::unexpected(answer.error());
  const auto bundle = op::as<op::GetTrustBundleAnswer>(answer);
  const auto roots = bundle ? crypto::Certificate::chain_from_pem(bundle->pem) : std::nullopt;
  if (!roots) {
    return fail(ExitCode::untrusted, "The server at " + server.str() +
                                         " shows no root certificate. Is this the address of a "
                                         "control plane?");
  }
  return *roots;
}

Fallible<std::string> by_fingerprint(Network& network, const wire::HostPort& server,
                                     const std::string& given) {
  const auto fingerprint = normalize_fingerprint(given);
  if (!fingerprint) {
    return fail(ExitCode::usage,
                "--ca-fingerprint takes the SHA-256 of the root certificate: 64 "
                "hexadecimal digits.");
  }
  const auto roots = RAP_TRY(claimed_roots(network, server));
  for (const crypto::Certificate& root : roots) {
    if (root.fingerprint_hex() == *fingerprint) return root.pem();
  }
  return fail(ExitCode::untrusted, "The server at " + server.str() +
                                       " shows another root certificate than the fingerprint "
                                       "names: " +
                                       spaced(roots.front().fingerprint_hex()) +
                                       ". Nothing was sent to it; check the address, and the "
                                       "fingerprint with your platform owner.");
}

Fallible<std::string> by_asking(Network& network, Terminal& terminal, const wire::HostPort& server,
                                std::ostream& err) {
  const auto roots = RAP_TRY(claimed_roots(network, server));
  const crypto::Certificate& root = roots.front();
  const std::string fingerprint = spaced(root.fingerprint_hex());
  if (!terminal.interactive()) {
    return fail(ExitCode::untrusted,
                "This platform is new here and there is no terminal to confirm it on. Its root "
                "certificate claims the fingerprint " +
                    fingerprint +
                    "; compare it with what your platform owner says and run the command again "
                    "with --ca-fingerprint, or give --ca-file.");
  }
  err << "The platform at " << server.str() << " is new here.\nSHA-256 of its root certificate:\n  "
      << fingerprint << "\nCompare it with what your platform owner told you.\n";
  const auto answer = terminal.ask("Is it the same (yes/no)? ");
  if (answer != "yes") {
    return fail(ExitCode::untrusted, "The platform was not confirmed; nothing was sent to it.");
  }
  return root.pem();
}

// A server weighs few passwords at once, and says so to who comes meanwhile.
Fallible<nlohmann::json> ask_patiently(ApiClient& api, const ApiCall& call, Terminal& terminal) {
  constexpr int kTries = 30;
  constexpr std::chrono::seconds kPause{1};
  for (int tried = 1;; ++tried) {
    auto answer = api.ask(call);
    if (answer || answer.error().problem != to_string(wire::ProblemCode::sign_in_busy) ||
        tried == kTries || !terminal.wait(kPause)) {
      return answer;
    }
  }
}

// What the machine is called, as far as it is plain text within the bound of the API.
std::string device_name(const Home& home) {
  constexpr std::size_t kMaxBytes = 64;
  std::string name = home.machine().substr(0, kMaxBytes);
  std::erase_if(name, [](char c) { return c <= ' ' || c > '~'; });
  return name;
}

}  // namespace

Fallible<std::string> establish_trust(Home& home, Network& network, Terminal& terminal,
                                      const wire::HostPort& server, const TrustAnchor& anchor,
                                      std::ostream& err) {
  if (anchor.ca_pem) {
    const auto roots = crypto::Certificate::chain_from_pem(*anchor.ca_pem);
    if (!roots) return fail(ExitCode::usage, "--ca-file holds no certificate in PEM form.");
    if (!crypto::cluster_of_roots(*roots)) {
      return fail(ExitCode::usage,
                  "--ca-file holds something else than the root certificate of one platform; ask "
                  "your platform owner for it.");
    }
    return *anchor.ca_pem;
  }
  if (anchor.fingerprint) return by_fingerprint(network, server, *anchor.fingerprint);
  const auto profile = RAP_TRY(load_profile(home));
  const auto roots = RAP_TRY(home.read(kRootsFile));
  if (roots && profile && parse_server(profile->server)->authority == server) return *roots;
  return by_asking(network, terminal, server, err);
}

Fallible<SignedIn> sign_in(Home& home, Network& network, Terminal& terminal,
                           const wire::Url& server, const std::string& roots_pem,
                           const std::string& email, const std::string& password, WallTime now) {
  RAP_TRY(load_profile(home));  // one that is damaged is said before anything is sent
  DenyListStore deny_lists(home);
  deny_lists.load(roots_pem, now);
  network.deny(deny_lists.current());
  ApiClient api(network, server.authority, roots_pem, {});
  // The roots of an earlier time may have been replaced since; those somebody gives now may not.
  if (const auto known = home.read(kRootsFile); known && *known == roots_pem) api.follow_with(home);
  const auto bundle = RAP_TRY(op::as<op::GetTrustBundleAnswer>(api.ask(op::get_trust_bundle())));
  // Roots that are to come are taken with the signature of those that are there, and never because
  // the server has them.
  const auto roots =
      follow_bundles(held_roots(home, api.roots_pem().value_or(roots_pem)), bundle.bundles);
  network.identify(RAP_TRY(load_or_make_device_key(home, roots_pem)));
  const auto answer = RAP_TRY(op::as<op::SignInAnswer>(ask_patiently(
      api, op::sign_in({.device_name = device_name(home), .email = email, .password = password}),
      terminal)));
  const Profile profile{"https://" + server.authority.str(), email, answer.token,
                        answer.expires_at};
  RAP_TRY(keep_roots(home, roots));
  RAP_TRY(save_profile(home, profile));
  return SignedIn{profile, answer.password_expires_at.has_value()};
}

}  // namespace rap::client
