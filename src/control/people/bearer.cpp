#include "control/people/bearer.hpp"

#include "base/encoding.hpp"

namespace rap::control {

std::string_view sentence_of(SignInEnd end) {
  switch (end) {
    case SignInEnd::too_many_sign_ins:
      return "You were signed out because this account signed in elsewhere too many times, and "
             "the oldest sign-in makes way. Run 'rap login'; where a script signs in, let it sign "
             "out too.";
    case SignInEnd::password_changed:
      return "You were signed out because the password of this account was changed. Run 'rap "
             "login' with the new one.";
    case SignInEnd::password_reset:
      return "You were signed out because an administrator reset your password. Run 'rap login' "
             "with the one they give you.";
    case SignInEnd::signed_out:
      return "You were signed out because an administrator ended all your sign-ins. Run 'rap "
             "login'; ask them why.";
    case SignInEnd::account_disabled:
      return "You were signed out because an administrator disabled your account. Ask them to "
             "enable it.";
    case SignInEnd::account_removed:
      return "You were signed out because your account was closed. Ask your administrator.";
    case SignInEnd::device_blocked:
      return "You were signed out because an administrator disabled this device. Ask them why; "
             "signing in on it is refused until they enable it.";
    case SignInEnd::device_removed:
      return "You were signed out because this device was removed from your account, or forgotten "
             "for newer ones of yours. Run 'rap login' to add it again.";
  }
  return "";
}

std::optional<std::string_view> token_in(std::string_view header, std::string_view prefix) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!header.starts_with(kScheme)) return std::nullopt;
  const std::string_view token = header.substr(kScheme.size());
  if (!token.starts_with(prefix)) return std::nullopt;
  const auto raw = from_base64url(token.substr(prefix.size()));
  if (!raw || raw->size() != kBearerBytes) return std::nullopt;
  return token;
}

std::optional<std::string_view> bearer_of(std::string_view header) {
  return token_in(header, kBearerPrefix);
}

std::optional<crypto::Sha256> bearer_sha256(std::string_view header) {
  const auto token = bearer_of(header);
  if (!token) return std::nullopt;
  return crypto::sha256(as_bytes(*token));
}

}  // namespace rap::control
