#include "backup/manifest.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json_writer.hpp"
#include "wire/json_reader.hpp"

namespace rap::backup {
namespace {

constexpr std::size_t kMaxTextBytes = 256;
constexpr std::int64_t kMaxUnixTime = 253'402'300'799;  // the year 9999
constexpr std::int64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::string to_json(const Manifest& m) {
  JsonWriter json;
  json.begin_object();
  json.key("id").text(m.id.str());
  json.key("cluster").text(m.cluster.str());
  json.key("made_at").number(to_unix(m.made_at));
  json.key("host").text(m.host.substr(0, kMaxTextBytes));
  json.key("version").text(m.version);
  json.key("schema").number(m.schema);
  json.key("audit_seq").number(static_cast<std::int64_t>(m.audit_seq));
  json.key("audit_hash").text(to_hex(m.audit_hash));
  json.key("root_sha256").text(m.root_sha256);
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
  m.host = reader.text("host", kMaxTextBytes);
  m.version = reader.text("version", kMaxTextBytes);
  m.schema = static_cast<int>(reader.integer("schema", 1, kMaxSchema));
  m.audit_seq = static_cast<std::uint64_t>(reader.integer("audit_seq", 0, kMaxNumber));
  const auto hash = from_hex(reader.text("audit_hash", 2 * m.audit_hash.size()));
  if (hash && hash->size() == m.audit_hash.size()) {
    std::ranges::copy(*hash, m.audit_hash.begin());
  } else {
    reader.wrong("audit_hash", "must be 64 hex digits");
  }
  m.root_sha256 = reader.text("root_sha256", kMaxTextBytes);
  reader.finish();
  if (fault.any()) return std::unexpected("its description: " + fault.text());
  return m;
}

}  // namespace rap::backup
