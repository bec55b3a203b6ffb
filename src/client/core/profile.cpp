#include "client/core/profile.hpp"

#include "base/time_text.hpp"
#include "base/try.hpp"

#include <nlohmann/json.hpp>

namespace rap::client {

std::string to_json(const Profile& p) {
  return nlohmann::json{{"server", p.server},
                        {"email", p.email},
                        {"token", p.token},
                        {"expires_at", p.expires_at}}
             .dump(1) +
         "\n";
}

std::optional<Profile> parse_profile(std::string_view text) {
  try {
    const auto json = nlohmann::json::parse(text);
    return Profile{json.at("server"), json.at("email"), json.at("token"), json.at("expires_at")};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::optional<wire::Url> parse_server(std::string_view text) {
  const bool has_scheme = text.find("://") != text.npos;
  auto url = wire::parse_url(has_scheme ? std::string(text) : "https://" + std::string(text),
                             "https", kDefaultServerPort);
  if (!url || url->path != "/") return std::nullopt;
  return url;
}

Fallible<std::optional<Profile>> load_profile(Home& home) {
  auto text = RAP_TRY(home.read(kProfileFile));
  if (!text) return std::nullopt;
  auto profile = parse_profile(*text);
  if (!profile || !parse_server(profile->server)) {
    return fail(ExitCode::failed, home.path(kProfileFile) +
                                      " is damaged. Remove it and sign in again with 'rap login'.");
  }
  return profile;
}

Fallible<void> save_profile(Home& home, const Profile& profile) {
  return home.write(kProfileFile, to_json(profile));
}

Fallible<Account> signed_in(Home& home, WallTime now) {
  auto profile = RAP_TRY(load_profile(home));
  if (!profile) {
    return fail(ExitCode::not_signed_in,
                "You are not signed in. Run 'rap login --server https://HOST'.");
  }
  if (profile->token.empty()) {
    return fail(ExitCode::not_signed_in, "You are signed out. Run 'rap login'.");
  }
  if (profile->expires_at <= to_unix(now)) {
    return fail(ExitCode::not_signed_in,
                "Your sign-in expired at " + rfc3339(from_unix(profile->expires_at)) +
                    ", and this machine's clock says " + rfc3339(now) +
                    ". Set the clock if it is wrong; else run 'rap login'.");
  }
  auto roots = RAP_TRY(home.read(kRootsFile));
  if (!roots) {
    return fail(ExitCode::not_signed_in,
                home.path(kRootsFile) + " is missing. Run 'rap login' to get it again.");
  }
  const auto server = parse_server(profile->server)->authority;
  auto deny_lists = std::make_shared<DenyListStore>(home);
  deny_lists->load(*roots, now);
  auto device = RAP_TRY(load_device_key(home, *roots));
  return Account{std::move(*profile), server, std::move(*roots), std::move(deny_lists),
                 std::move(device)};
}

}  // namespace rap::client
