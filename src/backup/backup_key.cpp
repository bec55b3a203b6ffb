#include "backup/backup_key.hpp"

#include <algorithm>
#include <ranges>

#include "base/encoding.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::backup {
namespace {

constexpr std::string_view kRecipientPrefix = "rap-backup-";
constexpr std::string_view kKeyPrefix = "rap-backup-key-";
constexpr std::size_t kCheckBytes = 4;

// The prefix is digested too, so that neither text passes for the other.
Bytes check_of(std::string_view prefix, ByteView key) {
  Bytes both = to_bytes(prefix);
  both.insert(both.end(), key.begin(), key.end());
  const auto digest = crypto::sha256(both);
  return to_bytes(ByteView(digest).first(kCheckBytes));
}

std::string text_of(std::string_view prefix, ByteView key) {
  Bytes all = to_bytes(key);
  const Bytes check = check_of(prefix, key);
  all.insert(all.end(), check.begin(), check.end());
  return std::string(prefix) + to_base64url(all);
}

std::optional<Bytes> parse(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  auto all = from_base64url(text.substr(prefix.size()));
  if (!all || all->size() != crypto::kX25519Key + kCheckBytes) return std::nullopt;
  const Bytes check = check_of(prefix, ByteView(*all).first(crypto::kX25519Key));
  if (!std::ranges::equal(check, ByteView(*all).subspan(crypto::kX25519Key))) return std::nullopt;
  all->resize(crypto::kX25519Key);
  return all;
}

}  // namespace

std::string recipient_text(const Recipient& recipient) {
  return text_of(kRecipientPrefix, recipient);
}

std::optional<Recipient> parse_recipient(std::string_view text) {
  const auto key = parse(kRecipientPrefix, text);
  if (!key) return std::nullopt;
  Recipient out;
  std::ranges::copy(*key, out.begin());
  return out;
}

std::string key_file_text(const crypto::X25519KeyPair& pair) {
  return "# This key opens backups of rap-control. Keep it off the control plane's host, twice.\n"
         "# recipient: " +
         recipient_text(pair.public_key) + "\n" + text_of(kKeyPrefix, pair.secret) + "\n";
}

std::optional<crypto::X25519KeyPair> parse_key_file(std::string_view text) {
  std::optional<crypto::X25519KeyPair> found;
  for (const auto part : std::views::split(text, '\n')) {
    std::string_view line(part.begin(), part.end());
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const auto secret = parse(kKeyPrefix, line);
    if (!secret || found) return std::nullopt;
    found = crypto::X25519KeyPair::from_secret(*secret);
  }
  return found;
}

}  // namespace rap::backup
