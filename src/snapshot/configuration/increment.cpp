#include "snapshot/configuration/increment.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/log/json_writer.hpp"
#include "wire/json_reader.hpp"

namespace rap::snapshot {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kHashText = 64;

std::string escaped(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

void diff(const Json& from, const Json& to, const std::string& path, Json& patch);

void diff_objects(const Json& from, const Json& to, const std::string& path, Json& patch) {
  for (const auto& [name, value] : from.items()) {
    const std::string at = path + "/" + escaped(name);
    if (const auto it = to.find(name); it != to.end()) {
      diff(value, *it, at, patch);
    } else {
      patch.push_back({{"op", "remove"}, {"path", at}});
    }
  }
  for (const auto& [name, value] : to.items()) {
    if (from.contains(name)) continue;
    patch.push_back({{"op", "add"}, {"path", path + "/" + escaped(name)}, {"value", value}});
  }
}

// Lists are sorted, so items come and go but do not change places: what is not in the new list is
// removed, from the end on, and what is not in the old one is added. Where that does not lead to
// the new list, it is replaced as a whole, and item by item where both are the part of longer ones
// that begins at `part`.
void diff_arrays(const Json& from, const Json& to, const std::string& path,
                 std::optional<std::size_t> part, Json& patch) {
  const std::size_t first = part.value_or(0);
  const auto add = [&](std::size_t i, Json& steps) {
    steps.push_back(
        {{"op", "add"}, {"path", path + "/" + std::to_string(first + i)}, {"value", to[i]}});
  };
  const auto remove = [&](std::size_t i, Json& steps) {
    steps.push_back({{"op", "remove"}, {"path", path + "/" + std::to_string(first + i)}});
  };
  std::unordered_map<std::string, int> wanted;
  for (const Json& item : to) ++wanted[item.dump()];
  std::vector<bool> stays(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) stays[i] = wanted[from[i].dump()]-- > 0;
  Json steps = Json::array();
  std::vector<const Json*> left;
  for (std::size_t i = from.size(); i-- > 0;) {
    if (stays[i]) {
      left.push_back(&from[i]);
    } else {
      remove(i, steps);
    }
  }
  std::ranges::reverse(left);
  std::size_t next = 0;
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (next < left.size() && *left[next] == to[i]) {
      ++next;
    } else {
      add(i, steps);
    }
  }
  if (next != left.size()) {
    steps = Json::array();
    if (!part) return patch.push_back({{"op", "replace"}, {"path", path}, {"value", to}});
    for (std::size_t i = from.size(); i-- > 0;) remove(i, steps);
    for (std::size_t i = 0; i < to.size(); ++i) add(i, steps);
  }
  patch.insert(patch.end(), steps.begin(), steps.end());
}

void diff(const Json& from, const Json& to, const std::string& path, Json& patch) {
  if (from == to) return;
  if (from.is_object() && to.is_object()) return diff_objects(from, to, path, patch);
  if (from.is_array() && to.is_array()) return diff_arrays(from, to, path, std::nullopt, patch);
  patch.push_back({{"op", "replace"}, {"path", path}, {"value", to}});
}

// Nothing that makes a document grow beyond what the patch itself holds.
bool is_plain(const Json& patch) {
  if (!patch.is_array() || patch.size() > kMaxPatchOperations) return false;
  return std::ranges::all_of(patch, [](const Json& step) {
    const auto op = step.is_object() ? step.find("op") : step.end();
    return step.is_object() && op != step.end() &&
           (*op == "add" || *op == "remove" || *op == "replace");
  });
}

// Whoever sends a patch has not been verified yet, and the library takes for granted that only an
// object or a list is added to.
bool apply_step(Json& document, const Json& step) {
  const auto path = step.find("path");
  if (path == step.end() || !path->is_string()) return false;
  const Json::json_pointer to(path->get<std::string>());
  if (!to.empty() && !document.at(to.parent_pointer()).is_structured()) return false;
  document.patch_inplace(Json::array({step}));
  return true;
}

crypto::Sha256 read_hash(wire::JsonReader& in, std::string_view name) {
  crypto::Sha256 out{};
  const auto hash = from_hex(in.text(name, kHashText));
  if (!hash || hash->size() != out.size()) {
    in.wrong(name, "must be 64 hex digits");
  } else {
    std::ranges::copy(*hash, out.begin());
  }
  return out;
}

}  // namespace

std::string increment_text(const Increment& increment, std::string_view patch,
                           std::string_view signatures) {
  JsonWriter out;
  out.begin_object().key("base_sha256").text(to_hex(increment.base_sha256));
  out.key("base_version").json(std::to_string(increment.base_version));
  out.key("cluster").text(increment.cluster.str()).key("node").text(increment.node.str());
  out.key("patch").json(patch).key("sha256").text(to_hex(increment.sha256));
  out.key("signatures").json(signatures);
  out.key("version").json(std::to_string(increment.version)).end_object();
  return std::move(out).take();
}

std::string to_json(const Increment& increment) {
  return increment_text(increment, increment.patch.dump(), increment.signatures.dump());
}

std::expected<Increment, std::string> parse_increment(std::string_view json) {
  auto value = wire::parse_strict_json(json);
  if (!value || !value->is_object()) {
    return std::unexpected("the increment must be a JSON object without duplicate members");
  }
  Increment out;
  for (const auto& [name, into] :
       {std::pair{"patch", &out.patch}, std::pair{"signatures", &out.signatures}}) {
    const auto it = value->find(name);
    if (it == value->end() || !it->is_array()) {
      return std::unexpected("member \"" + std::string(name) + "\" must be an array");
    }
    *into = wire::JsonValue(std::move(*it));
    value->erase(it);
  }
  wire::JsonFault fault;
  wire::JsonReader in(*value, "", fault);
  out.cluster = in.id<ClusterId>("cluster");
  out.node = in.id<NodeId>("node");
  out.base_version = static_cast<std::uint64_t>(in.integer("base_version", 0, INT64_MAX));
  out.base_sha256 = read_hash(in, "base_sha256");
  out.version = static_cast<std::uint64_t>(in.integer("version", 0, INT64_MAX));
  out.sha256 = read_hash(in, "sha256");
  in.finish();
  if (fault.any()) return std::unexpected(fault.text());
  return out;
}

wire::JsonValue make_patch(const wire::JsonValue& base, const wire::JsonValue& result) {
  Json patch = Json::array();
  diff(base.get(), result.get(), "", patch);
  return wire::JsonValue(std::move(patch));
}

wire::JsonValue make_patch(const std::vector<DifferingMember>& members) {
  Json patch = Json::array();
  for (const DifferingMember& member : members) {
    const std::string path = "/" + escaped(std::string(member.name));
    if (member.begins) {
      diff_arrays(member.one.get(), member.other.get(), path, member.begins, patch);
    } else {
      diff(member.one.get(), member.other.get(), path, patch);
    }
  }
  return wire::JsonValue(std::move(patch));
}

std::optional<wire::JsonValue> apply_patch(const wire::JsonValue& base,
                                           const wire::JsonValue& patch) {
  try {
    if (!is_plain(patch.get())) return std::nullopt;
    Json document = base.get();
    for (const Json& step : patch.get()) {
      if (!apply_step(document, step)) return std::nullopt;
    }
    return wire::JsonValue(std::move(document));
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace rap::snapshot
