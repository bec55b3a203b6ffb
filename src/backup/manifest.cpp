#include "backup/manifest.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/log/json_writer.hpp"
#include "base/log/printable.hpp"
#include "wire/json_reader.hpp"

namespace rap::backup {
namespace {

constexpr std::size_t kMaxTextBytes = 256;
constexpr std::int64_t kMaxUnixTime = 253'402'300'799;  // the year 9999
constexpr std::int64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

std::string shown(wire::JsonReader& reader, std::string_view name) {
  std::string text = reader.text(name, kMaxTextBytes);
  if (!is_printable_ascii(text)) reader.wrong(name, "has characters that are not printable ASCII");
  return text;
}

crypto::Sha256 digest(wire::JsonReader& reader, std::string_view name) {
  crypto::Sha256 out{};
  const std::string text = reader.text(name, 2 * out.size());
  const auto bytes = from_hex(text);
  if (bytes && bytes->size() == out.size() && to_hex(*bytes) == text) {
    std::ranges::copy(*bytes, out.begin());
  } else {
    reader.wrong(name, "must be 64 hex digits in lower case");
  }
  return out;
}

}  // namespace

std::string to_json(const Manifest& m) {
  JsonWriter json;
  json.begin_object();
  json.key("id").text(m.id.str());
  json.key("cluster").text(m.cluster.str());
  json.key("made_at").number(to_unix(m.made_at));
  json.key("host").text(printable_ascii(m.host.substr(0, kMaxTextBytes)));
  json.key("version").text(printable_ascii(m.version));
  json.key("schema").number(m.schema);
  json.key("audit_seq").number(static_cast<std::int64_t>(m.audit_seq));
  json.key("audit_hash").text(to_hex(m.audit_hash));
  json.key("root_sha256").text(m.root_sha256);
  json.key("files").number(static_cast<std::int64_t>(m.files));
  json.key("file_bytes").number(static_cast<std::int64_t>(m.file_bytes));
  json.end_object();
  return std::move(json).take();
}

std::expected<Manifest, std::string> parse_manifest(std::string_view text) {
  const auto json = wire::parse_strict_json(text);
  if (!json) return std::unexpected("its description is no JSON");
  wire::JsonFault fault;
  wire::JsonReader reader(*json, "", fault);
  Manifest m;
  m.id = reader.id<BackupId>("id");
  m.cluster = reader.id<ClusterId>("cluster");
  m.made_at = from_unix(reader.integer("made_at", 0, kMaxUnixTime));
  m.host = shown(reader, "host");
  m.version = shown(reader, "version");
  m.schema = static_cast<int>(reader.integer("schema", 1, kMaxSchema));
  m.audit_seq = static_cast<std::uint64_t>(reader.integer("audit_seq", 0, kMaxNumber));
  m.audit_hash = digest(reader, "audit_hash");
  m.root_sha256 = to_hex(digest(reader, "root_sha256"));
  m.files = static_cast<std::uint64_t>(reader.integer("files", 0, kMaxFiles));
  m.file_bytes = static_cast<std::uint64_t>(reader.integer("file_bytes", 0, kMaxFileBytes));
  reader.finish();
  // A member's name is the writer's.
  if (fault.any()) return std::unexpected("its description: " + printable(fault.text()));
  return m;
}

}  // namespace rap::backup
