#include "control/keys/next_trust.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr std::array kPromoted = {"root.crt", "intermediate.key", "intermediate.crt"};
constexpr const char* kNext = "next";
constexpr const char* kBeingMade = "next.new";
constexpr const char* kSuperseded = "superseded";
constexpr const char* kRetired = "retired";
constexpr const char* kPromote = "promote";
constexpr const char* kLast = "new.dsse";  // written last
constexpr const char* kNote = "trust.json";
constexpr const char* kLock = "trust.lock";
constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateFolder = 0700;

Result<bool> is_there(const fs::path& path) {
  std::error_code error;
  const bool found = fs::exists(path, error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  return found;
}

Result<void> move_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return std::unexpected(from.string() + ": " + error.message());
  return {};
}

Result<void> remove_folder(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return std::unexpected(path.string() + ": " + error.message());
  return {};
}

Result<crypto::Certificate> load_certificate(const fs::path& path) {
  const auto text = RAP_TRY(io::read_file(path));
  auto certificate = crypto::Certificate::from_pem(text);
  if (!certificate) return std::unexpected(path.string() + " is damaged; prepare again");
  return std::move(*certificate);
}

Result<crypto::PrivateKey> load_prepared_key(const fs::path& path) {
  const auto text = RAP_TRY(io::read_file(path));
  auto key = crypto::PrivateKey::from_pem(text);
  if (!key) return std::unexpected(path.string() + " is damaged; prepare again");
  return std::move(*key);
}

Result<control::StoredBundle> load_bundle(const fs::path& path, const control::Authority& active) {
  auto envelope = RAP_TRY(io::read_file(path));
  const auto bundle = snapshot::open_trust_bundle(envelope, active.cluster, active.roots, 1);
  if (!bundle) {
    return std::unexpected(path.string() + " is not signed by the root in force (" +
                           std::string(to_string(bundle.error())) + "); prepare again");
  }
  return control::StoredBundle{bundle->version, std::move(envelope), bundle->pem()};
}

// Files that a 'trust prepare' which was killed was writing the new root's key to.
void remove_unfinished(const fs::path& file) {
  const std::string prefix = file.filename().string() + ".";
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  for (const fs::path& entry : io::entries_of(folder).value_or(std::vector<fs::path>{})) {
    const std::string name = entry.filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(io::kTemporarySuffix)) continue;
    std::error_code ignored;  // then it stays, readable to nobody else
    fs::remove(entry, ignored);
  }
}

}  // namespace

Result<std::optional<NextTrust>> NextTrustFiles::load(const control::Authority& active) const {
  const fs::path folder = pki_ / kNext;
  const auto complete = RAP_TRY(is_there(folder / kLast));
  if (!complete) return std::nullopt;
  auto root = RAP_TRY(load_certificate(folder / "root.crt"));
  auto certificate = RAP_TRY(load_certificate(folder / "intermediate.crt"));
  auto key = RAP_TRY(load_prepared_key(folder / "intermediate.key"));
  auto both = RAP_TRY(load_bundle(folder / "both.dsse", active));
  auto only_new = RAP_TRY(load_bundle(folder / kLast, active));
  return NextTrust{std::move(root),
                   {std::move(certificate), std::move(key)},
                   std::move(both),
                   std::move(only_new)};
}

Result<void> NextTrustFiles::supersede_next() const {
  const auto complete = RAP_TRY(is_there(pki_ / kNext / kLast));
  if (!complete) return remove_folder(pki_ / kNext);
  const auto root = RAP_TRY(load_certificate(pki_ / kNext / "root.crt"));
  if (auto ok = io::make_directory(pki_ / kSuperseded, kPrivateFolder); !ok) return ok;
  return move_folder(pki_ / kNext, pki_ / kSuperseded / control::ca_ref_of(root));
}

Result<void> NextTrustFiles::recall(const std::string& ca_ref) const {
  const fs::path folder = pki_ / kSuperseded / ca_ref;
  const auto found = RAP_TRY(is_there(folder));
  if (!found) return {};
  const auto lock = io::FileLock::try_lock(pki_ / kLock);
  if (!lock) return std::unexpected("'rap-control trust prepare' is at work on pki/next");
  if (auto ok = supersede_next(); !ok) return ok;
  return move_folder(folder, pki_ / kNext);
}

Result<std::string> NextTrustFiles::prepare(const control::Authority& active,
                                            const crypto::Issuer& old_root,
                                            const std::string& out_root_key, WallTime now,
                                            RandomSource& rng) const {
  const auto lock = io::FileLock::try_lock(pki_ / kLock);
  if (!lock) return std::unexpected("another 'rap-control trust prepare' is at work; wait for it");
  const auto note = RAP_TRY(read_note());
  const auto taking_over = RAP_TRY(is_there(pki_ / kNext / kPromote));
  if (taking_over || note.phase != control::TrustPhase::stable) {
    return std::unexpected("a rotation is under way; see 'rap admin trust status'");
  }
  const crypto::Issuer root =
      crypto::make_root(active.cluster, control::validity_from(now, kRootLifetime), rng);
  RAP_TRY(prepare_locked(active, old_root, root, note.bundle_version, out_root_key, now, rng));
  return root.certificate.fingerprint_hex();
}

Result<void> NextTrustFiles::prepare_locked(const control::Authority& active,
                                            const crypto::Issuer& old_root,
                                            const crypto::Issuer& root,
                                            std::uint64_t bundle_version,
                                            const std::string& out_root_key, WallTime now,
                                            RandomSource& rng) const {
  const fs::path folder = pki_ / kBeingMade;
  if (auto ok = remove_folder(folder); !ok) return ok;
  if (auto ok = io::make_directory(folder, kPrivateFolder); !ok) return ok;
  remove_unfinished(out_root_key);
  const crypto::Issuer intermediate = crypto::make_intermediate(
      root, active.cluster, control::validity_from(now, kIntermediateLifetime), rng);
  const auto sealed = [&](std::uint64_t version, std::vector<crypto::Certificate> roots) {
    return snapshot::seal_trust_bundle({version, active.cluster, std::move(roots)},
                                       {old_root, root});
  };
  const std::vector<std::pair<fs::path, std::string>> files = {
      {out_root_key, root.key.pem()},
      {folder / "root.crt", root.certificate.pem()},
      {folder / "intermediate.crt", intermediate.certificate.pem()},
      {folder / "intermediate.key", intermediate.key.pem()},
      {folder / "both.dsse", sealed(bundle_version + 1, {old_root.certificate, root.certificate})},
      {folder / kLast, sealed(bundle_version + 2, {root.certificate})},
  };
  for (const auto& [path, content] : files) {
    if (auto ok = io::write_file_atomic(path, content, kPrivateFile); !ok) return ok;
  }
  if (auto ok = supersede_next(); !ok) return ok;
  return move_folder(folder, pki_ / kNext);
}

Result<void> NextTrustFiles::promote() const {
  if (auto ok = io::write_file_atomic(pki_ / kNext / kPromote, "", kPrivateFile); !ok) return ok;
  return finish_promotion();
}

Result<void> NextTrustFiles::finish_promotion() const {
  const fs::path folder = pki_ / kNext;
  const auto under_way = RAP_TRY(is_there(folder / kPromote));
  if (!under_way) return {};
  for (const char* name : kPromoted) {
    const auto content = RAP_TRY(io::read_file(folder / name));
    if (auto ok = io::write_file_atomic(pki_ / name, content, kPrivateFile); !ok) return ok;
  }
  if (auto ok = remove_folder(pki_ / kRetired); !ok) return ok;
  if (auto ok = move_folder(folder, pki_ / kRetired); !ok) return ok;  // at one moment
  return remove_folder(pki_ / kRetired);
}

void NextTrustFiles::remove_leftovers() const {
  const auto lock = io::FileLock::try_lock(pki_ / kLock);
  if (!lock) return;
  for (const char* name : {kBeingMade, kSuperseded, kRetired}) {
    std::error_code ignored;  // then it stays until the next time
    fs::remove_all(pki_ / name, ignored);
  }
}

Result<TrustNote> NextTrustFiles::read_note() const {
  const auto found = RAP_TRY(is_there(pki_ / kNote));
  if (!found) return TrustNote{};
  const auto text = RAP_TRY(io::read_file(pki_ / kNote));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_object() && json.contains("phase") && json["phase"].is_string() &&
      json.contains("bundle_version") && json["bundle_version"].is_number_unsigned()) {
    const auto phase = control::trust_phase_from(json["phase"].get<std::string>());
    const auto version = json["bundle_version"].get<std::uint64_t>();
    if (phase && version > 0) return TrustNote{*phase, version};
  }
  return std::unexpected("pki/trust.json is damaged; the running server writes it anew");
}

Result<void> NextTrustFiles::write_note(const TrustNote& note) const {
  const nlohmann::json json{{"phase", to_string(note.phase)},
                            {"bundle_version", note.bundle_version}};
  return io::write_file_atomic(pki_ / kNote, json.dump() + "\n", kPrivateFile);
}

}  // namespace rap::control::server
