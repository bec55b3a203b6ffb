// The part of the state directory that holds the next root while the trust is rotated.
#include <nlohmann/json.hpp>

#include "control/server/state_directory.hpp"
#include "control/server/trust_files.hpp"
#include "io/system/file.hpp"

namespace rap::control::server {
namespace {

namespace fs = std::filesystem;

constexpr std::array kPromoted = {"root.crt", "intermediate.key", "intermediate.crt"};
constexpr const char* kNext = "next";
constexpr const char* kRetired = "retired";
constexpr const char* kPromote = "promote";  // there: the files beside it are to be taken over
constexpr const char* kLast = "new.dsse";    // written last

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Result<control::StoredBundle> load_bundle(const fs::path& path, const control::Authority& active) {
  auto envelope = io::read_file(path);
  if (!envelope) return std::unexpected(envelope.error());
  const auto bundle = snapshot::open_trust_bundle(*envelope, active.cluster, active.roots, 1);
  if (!bundle) {
    return std::unexpected(path.string() + " is not signed by the root in force (" +
                           std::string(to_string(bundle.error())) + "); prepare again");
  }
  return control::StoredBundle{bundle->version, std::move(*envelope), bundle->pem()};
}

}  // namespace

Result<std::optional<NextTrust>> StateDirectory::load_next(const control::Authority& active) const {
  const fs::path folder = pki(kNext);
  if (!is_there(folder / kLast)) return std::nullopt;
  const auto read = [&](const char* name) { return io::read_file(folder / name); };
  const auto root_text = read("root.crt");
  const auto certificate_text = read("intermediate.crt");
  const auto key_text = read("intermediate.key");
  if (!root_text) return std::unexpected(root_text.error());
  if (!certificate_text) return std::unexpected(certificate_text.error());
  if (!key_text) return std::unexpected(key_text.error());
  const auto root = crypto::Certificate::from_pem(*root_text);
  const auto certificate = crypto::Certificate::from_pem(*certificate_text);
  const auto key = crypto::PrivateKey::from_pem(*key_text);
  if (!root || !certificate || !key) {
    return std::unexpected(folder.string() + " is damaged; prepare again");
  }
  auto both = load_bundle(folder / "both.dsse", active);
  if (!both) return std::unexpected(both.error());
  auto only_new = load_bundle(folder / kLast, active);
  if (!only_new) return std::unexpected(only_new.error());
  return NextTrust{*root, {*certificate, *key}, std::move(*both), std::move(*only_new)};
}

Result<std::string> StateDirectory::prepare_next(const control::Authority& active,
                                                 const crypto::Issuer& old_root,
                                                 std::uint64_t bundle_version,
                                                 const std::string& out_root_key, WallTime now,
                                                 RandomSource& rng) const {
  const fs::path folder = pki(kNext);
  std::error_code error;
  fs::remove_all(folder, error);  // what was prepared before, and not used
  if (auto ok = io::make_directory(folder, 0700); !ok) return std::unexpected(ok.error());
  const crypto::Issuer root =
      crypto::make_root(active.cluster, control::validity_from(now, kRootLifetime), rng);
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
    if (auto ok = io::write_file_atomic(path, content, 0600); !ok) {
      return std::unexpected(ok.error());
    }
  }
  return root.certificate.fingerprint_hex();
}

// Cut short anywhere, it goes on when the authority is loaded next.
Result<void> StateDirectory::promote_next() const {
  if (auto ok = io::write_file_atomic(pki(kNext) / kPromote, "", 0600); !ok) return ok;
  return finish_promotion();
}

Result<void> StateDirectory::finish_promotion() const {
  const fs::path folder = pki(kNext);
  if (!is_there(folder / kPromote)) return {};
  for (const char* name : kPromoted) {
    const auto content = io::read_file(folder / name);
    if (!content) return std::unexpected(content.error());
    if (auto ok = io::write_file_atomic(pki(name), *content, 0600); !ok) return ok;
  }
  std::error_code error;
  fs::remove_all(pki(kRetired), error);
  fs::rename(folder, pki(kRetired), error);  // at one moment
  if (error) return std::unexpected(folder.string() + ": " + error.message());
  fs::remove_all(pki(kRetired), error);
  return {};
}

Result<TrustNote> StateDirectory::read_trust_note() const {
  if (!is_there(pki("trust.json"))) return TrustNote{};
  const auto text = io::read_file(pki("trust.json"));
  if (!text) return std::unexpected(text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (json.is_object()) {
    const auto phase = control::trust_phase_from(json.value("phase", ""));
    const auto version = json.value("bundle_version", std::uint64_t{0});
    if (phase && version > 0) return TrustNote{*phase, version};
  }
  return std::unexpected("pki/trust.json is damaged; the running server writes it anew");
}

Result<void> StateDirectory::write_trust_note(const TrustNote& note) const {
  const nlohmann::json json{{"phase", to_string(note.phase)},
                            {"bundle_version", note.bundle_version}};
  return io::write_file_atomic(pki("trust.json"), json.dump() + "\n", 0600);
}

}  // namespace rap::control::server
