#include "control/backup/kept_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/try.hpp"
#include "control/backup/system_failure.hpp"
#include "crypto/x509/validation/certificate_path.hpp"
#include "io/system/descriptor.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr int kAttempts = 20;  // to find the files at rest
constexpr useconds_t kPauseUs = 50'000;
constexpr mode_t kModeBits = 0777;
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

// history.json says where the lost database was; locks and files that are being written say
// nothing.
bool is_kept(const fs::path& path) {
  return path.filename() != "history.json" && path.extension() != ".lock" &&
         path.extension() != io::kTemporarySuffix;
}

// nullopt when it is gone: it has just been renamed.
Result<std::optional<KeptFile>> read_kept(const fs::path& path, const fs::path& root,
                                          std::size_t& left) {
  const io::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    return failed(path);
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return failed(path);
  if (!S_ISREG(info.st_mode)) {
    return std::unexpected(path.string() +
                           " is no plain file, and no backup of it would be one; "
                           "put the file itself there");
  }
  KeptFile out{.path = path.lexically_relative(root).string(),
               .mode = static_cast<std::uint16_t>(info.st_mode & kModeBits),
               .content = {}};
  if (!backup::is_plain_path(out.path)) {
    return std::unexpected(path.string() + " has a name that no file of ours has; move it away");
  }
  for (ssize_t n = 1; n > 0;) {
    const std::size_t size = out.content.size();
    out.content.resize(size + kReadBytes);
    n = ::read(file.get(), out.content.data() + size, kReadBytes);
    if (n < 0) return failed(path);
    out.content.resize(size + static_cast<std::size_t>(n));
    if (out.content.size() > left) {
      return std::unexpected(root.string() + "/clusters holds more than keys and certificates (" +
                             out.path + "); move away what is not ours");
    }
  }
  left -= out.content.size();
  return out;
}

Result<std::vector<KeptFile>> read_once(const StateDirectory& state) {
  std::vector<KeptFile> out;
  const auto roots = state.root_keys();
  std::size_t left = kMaxKeptBytes;
  for (const fs::path& path : RAP_TRY(io::files_below(state.root() / "clusters"))) {
    if (!is_kept(path) || std::ranges::find(roots, path) != roots.end()) continue;
    auto file = RAP_TRY(read_kept(path, state.root(), left));
    if (file) out.push_back(std::move(*file));
  }
  std::ranges::sort(out, {}, &KeptFile::path);
  if (out.size() >= backup::kMaxFiles) {
    return std::unexpected(state.root().string() + "/clusters holds too many files");
  }
  return out;
}

const std::string* find(const std::vector<KeptFile>& files, const std::string& path) {
  const auto at = std::ranges::find(files, path, &KeptFile::path);
  return at == files.end() ? nullptr : &at->content;
}

}  // namespace

// Every change is for good: what is the same twice was so at the moment in between.
Result<std::vector<KeptFile>> read_kept_files(const StateDirectory& state) {
  auto before = RAP_TRY(read_once(state));
  for (int i = 0; i < kAttempts; ++i) {
    auto after = RAP_TRY(read_once(state));
    if (before == after) return after;
    before = std::move(after);
    ::usleep(kPauseUs);
  }
  return std::unexpected("the keys in " + state.root().string() +
                         " change all the time; try again when 'rap-control' is at rest");
}

Result<void> check_kept_files(const std::vector<KeptFile>& files, ClusterId cluster,
                              const std::string& root_sha256) {
  const std::string pki = "clusters/" + cluster.str() + "/pki/";
  const auto text = [&](const char* name) -> Result<std::string> {
    const std::string* found = find(files, pki + name);
    if (!found) return std::unexpected("it lacks " + pki + name);
    return *found;
  };
  const auto certificate = [&](const char* name) -> Result<crypto::Certificate> {
    const auto pem = RAP_TRY(text(name));
    auto parsed = crypto::Certificate::from_pem(pem);
    if (!parsed) return std::unexpected(pki + name + " holds no certificate");
    return std::move(*parsed);
  };
  const auto key = [&](const char* name) -> Result<crypto::PrivateKey> {
    const auto pem = RAP_TRY(text(name));
    auto parsed = crypto::PrivateKey::from_pem(pem);
    if (!parsed) return std::unexpected(pki + name + " holds no private key");
    return std::move(*parsed);
  };
  const auto root = RAP_TRY(certificate("root.crt"));
  auto issuer = RAP_TRY(certificate("intermediate.crt"));
  auto issuer_key = RAP_TRY(key("intermediate.key"));
  const crypto::Issuer intermediate{std::move(issuer), std::move(issuer_key)};
  for (const char* name : {"token.key", "config.key"}) RAP_TRY(key(name));
  RAP_TRY(certificate("server.crt"));
  if (root.fingerprint_hex() != root_sha256) {
    return std::unexpected("its root is not the one that it says it has");
  }
  // A certificate that the intermediate's key signs must lead to the root.
  io::SystemRandom rng;
  const WallTime now = intermediate.certificate.not_before() + std::chrono::hours{1};
  const auto probe_key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names;
  names.dns = {"probe.invalid"};
  const auto probe = crypto::issue_leaf(intermediate, probe_key.public_key(), names,
                                        control::validity_from(now, std::chrono::hours{1}), rng);
  if (!crypto::verify_path(probe, {intermediate.certificate}, {root}, crypto::PeerSide::server,
                           now)) {
    return std::unexpected(
        "its intermediate's key and certificate and its root do not belong "
        "together");
  }
  return {};
}

}  // namespace rap::control::server
