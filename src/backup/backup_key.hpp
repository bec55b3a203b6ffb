// The key pair that backups are sealed to, as texts: the recipient stands in commands and may be
// known to anybody, the key belongs off the machine. Each has four bytes of a digest behind it, so
// that a slip of the pen does not make backups that nobody can open.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backup/sealed_file.hpp"

namespace rap::backup {

std::string recipient_text(const Recipient& recipient);  // "rap-backup-…"
std::optional<Recipient> parse_recipient(std::string_view text);

// Lines: comments that begin with '#' and name the recipient, then "rap-backup-key-…".
std::string key_file_text(const crypto::X25519KeyPair& pair);
// nullopt unless the text holds one key.
std::optional<crypto::X25519KeyPair> parse_key_file(std::string_view text);

}  // namespace rap::backup
