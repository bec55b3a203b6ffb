#include "backup/sealed_file.hpp"

#include <algorithm>

#include "base/try.hpp"
#include "crypto/keys/password.hpp"
#include "crypto/sealing/sealing_to_key.hpp"

namespace rap::backup {
namespace {

enum class Method : std::uint8_t { passphrase = 1, recipient = 2 };

constexpr std::size_t kCommonHeader = kMagic.size() + sizeof(std::uint16_t) + sizeof(Method);
constexpr std::size_t kPassphraseHeader =
    kCommonHeader + crypto::kPassphraseSalt + crypto::kSealTag;
constexpr std::size_t kRecipientHeader =
    kCommonHeader + crypto::kX25519Key + crypto::kSealHandshakeOverhead;

constexpr std::array<std::uint8_t, 1> kMoreFollows = {0};
constexpr std::array<std::uint8_t, 1> kLast = {1};

Bytes begin_header(Method method) {
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes(kMagic));
  writer.u16(kFileVersion);
  writer.u8(static_cast<std::uint8_t>(method));
  return out;
}

}  // namespace

std::string explain(OpenFault fault) {
  switch (fault) {
    case OpenFault::not_a_backup: return "this is no backup of rap-control; name the right file";
    case OpenFault::unknown_version:
      return "this backup was written by a newer rap-control, whose format is not known here; use "
             "that version";
    case OpenFault::wants_passphrase:
      return "this backup is sealed with a passphrase; give --passphrase-file or "
             "--passphrase-stdin";
    case OpenFault::wants_key:
      return "this backup is sealed to a key; give the file of that key with --key-file";
    case OpenFault::another_key:
      return "this backup is sealed to another key than that of --key-file; bring that one";
    case OpenFault::wrong_passphrase:
      return "the passphrase does not open this backup (or its first bytes are damaged); try "
             "another passphrase, or another copy";
    case OpenFault::damaged:
      return "this backup is damaged or was changed; nothing of it can be used, take another copy";
    case OpenFault::cut_short:
      return "this backup is cut short, its end is missing; take another copy";
  }
  return "";
}

std::optional<FileSealer> FileSealer::make(const Lock& lock, RandomSource& rng) {
  if (const auto* passphrase = std::get_if<Passphrase>(&lock)) {
    Bytes header = begin_header(Method::passphrase);
    const Bytes salt = rng.bytes(crypto::kPassphraseSalt);
    header.insert(header.end(), salt.begin(), salt.end());
    crypto::SealKey key(crypto::key_of_passphrase(*passphrase, salt));
    // An empty record tells a wrong passphrase from damage further on.
    std::array<std::uint8_t, crypto::kSealTag> check{};
    key.seal(header, {}, check.data());
    header.insert(header.end(), check.begin(), check.end());
    return FileSealer(std::move(header), std::move(key));
  }
  const auto& recipient = std::get<Recipient>(lock);
  Bytes header = begin_header(Method::recipient);
  header.insert(header.end(), recipient.begin(), recipient.end());
  auto sealed = crypto::seal_to_key(recipient, as_text(header), rng);
  if (!sealed) return std::nullopt;
  header.insert(header.end(), sealed->message.begin(), sealed->message.end());
  return FileSealer(std::move(header), std::move(sealed->key));
}

void FileSealer::seal(bool last, Bytes& out) {
  const std::size_t start = out.size();
  out.resize(start + chunk_.size() + crypto::kSealTag);
  key_.seal(last ? kLast : kMoreFollows, chunk_, out.data() + start);
  chunk_.clear();
}

void FileSealer::push(ByteView plain, Bytes& out) {
  out.insert(out.end(), header_.begin(), header_.end());
  header_.clear();
  while (!plain.empty()) {
    if (chunk_.size() == kChunkBytes) seal(false, out);
    const std::size_t taken = std::min(plain.size(), kChunkBytes - chunk_.size());
    chunk_.insert(chunk_.end(), plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(taken));
    plain = plain.subspan(taken);
  }
}

void FileSealer::finish(Bytes& out) {
  push({}, out);
  seal(true, out);
}

std::expected<void, OpenFault> FileOpener::find_key(ByteView header) {
  if (header[kCommonHeader - 1] == static_cast<std::uint8_t>(Method::passphrase)) {
    const auto* passphrase = std::get_if<Passphrase>(&unlock_);
    if (!passphrase) return std::unexpected(OpenFault::wants_passphrase);
    const ByteView salted = header.first(kCommonHeader + crypto::kPassphraseSalt);
    key_.emplace(crypto::key_of_passphrase(*passphrase, salted.subspan(kCommonHeader)));
    std::uint8_t none = 0;
    if (!key_->open(salted, header.subspan(salted.size()), &none)) {
      return std::unexpected(OpenFault::wrong_passphrase);
    }
    return {};
  }
  const auto* pair = std::get_if<crypto::X25519KeyPair>(&unlock_);
  if (!pair) return std::unexpected(OpenFault::wants_key);
  const ByteView addressed = header.first(kCommonHeader + crypto::kX25519Key);
  if (!std::ranges::equal(addressed.subspan(kCommonHeader), pair->public_key)) {
    return std::unexpected(OpenFault::another_key);
  }
  key_ = crypto::open_with_key(*pair, as_text(addressed), header.subspan(addressed.size()));
  if (!key_) return std::unexpected(OpenFault::damaged);
  return {};
}

// Does nothing while the header is not whole.
std::expected<void, OpenFault> FileOpener::read_header() {
  const std::size_t known = std::min(waiting_.size(), kMagic.size());
  if (as_text(waiting_).substr(0, known) != kMagic.substr(0, known)) {
    return std::unexpected(OpenFault::not_a_backup);
  }
  if (waiting_.size() < kCommonHeader) return {};
  if (load_be16(waiting_.data() + kMagic.size()) != kFileVersion) {
    return std::unexpected(OpenFault::unknown_version);
  }
  std::size_t size = 0;
  switch (static_cast<Method>(waiting_[kCommonHeader - 1])) {
    case Method::passphrase: size = kPassphraseHeader; break;
    case Method::recipient: size = kRecipientHeader; break;
    default: return std::unexpected(OpenFault::unknown_version);
  }
  if (waiting_.size() < size) return {};
  RAP_TRY(find_key(ByteView(waiting_).first(size)));
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(size));
  return {};
}

std::expected<void, OpenFault> FileOpener::open(bool last, Bytes& out) {
  if (waiting_.size() < crypto::kSealTag) {
    return std::unexpected(waiting_.empty() ? OpenFault::cut_short : OpenFault::damaged);
  }
  // Only an empty file has an empty chunk.
  if (waiting_.size() == crypto::kSealTag && any_) return std::unexpected(OpenFault::damaged);
  const std::size_t start = out.size();
  out.resize(start + waiting_.size() - crypto::kSealTag);
  std::uint8_t none = 0;
  std::uint8_t* to = out.size() == start ? &none : out.data() + start;
  if (key_->open(last ? kLast : kMoreFollows, waiting_, to)) {
    waiting_.clear();
    any_ = true;
    return {};
  }
  const bool cut = last && key_->open(kMoreFollows, waiting_, to);
  out.resize(start);
  return std::unexpected(cut ? OpenFault::cut_short : OpenFault::damaged);
}

std::expected<void, OpenFault> FileOpener::push(ByteView sealed, Bytes& out) {
  while (!sealed.empty()) {
    if (key_ && waiting_.size() == kSealedChunkBytes) RAP_TRY(open(false, out));
    const std::size_t wanted = key_ ? kSealedChunkBytes : kRecipientHeader;
    const std::size_t taken = std::min(sealed.size(), wanted - waiting_.size());
    waiting_.insert(waiting_.end(), sealed.begin(),
                    sealed.begin() + static_cast<std::ptrdiff_t>(taken));
    sealed = sealed.subspan(taken);
    if (!key_) RAP_TRY(read_header());
  }
  return {};
}

std::expected<void, OpenFault> FileOpener::finish(Bytes& out) {
  if (!key_) {
    return std::unexpected(waiting_.empty() ? OpenFault::not_a_backup : OpenFault::cut_short);
  }
  return open(true, out);
}

}  // namespace rap::backup
