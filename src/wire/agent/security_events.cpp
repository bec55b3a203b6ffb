#include "wire/agent/security_events.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace rap::wire {
namespace {

using Json = nlohmann::json;

bool is_of(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == std::string_view::npos;
}

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kOfNames = "abcdefghijklmnopqrstuvwxyz_";
constexpr std::string_view kOfAddresses = "0123456789abcdef.:/";

template <class IdType>
std::string text_of(const std::optional<IdType>& id) {
  return id ? id->str() : std::string();
}

template <class IdType>
std::optional<IdType> maybe_id(JsonReader& in, std::string_view name) {
  const std::string text = in.text(name, kUuidTextBytes);
  const auto id = IdType::parse(text);
  if (!text.empty() && !id) in.wrong(name, "must be a UUID in lower case, or empty");
  return id;
}

std::string plain_text(JsonReader& in, std::string_view name, std::string_view alphabet) {
  std::string text = in.text(name, kMaxSecurityTextBytes);
  if (!is_of(text, alphabet)) in.wrong(name, "holds a character that it may not");
  return text;
}

std::string read_run(JsonReader& in) {
  std::string run = in.text("run", kSecurityRunBytes);
  if (run.size() != kSecurityRunBytes || !is_of(run, kHex))
    in.wrong("run", "must be 32 hex digits");
  return run;
}

Json to_value(const SecurityEvent& e) {
  return {{"seq", e.seq},
          {"kind", e.unknown_kind.empty() ? std::string(to_string(e.kind)) : e.unknown_kind},
          {"reason", e.reason},
          {"source", e.source},
          {"peer", text_of(e.peer)},
          {"organization", text_of(e.organization)},
          {"user", text_of(e.user)},
          {"resource", text_of(e.resource)},
          {"address", e.address},
          {"others", e.others},
          {"count", e.count},
          {"first_at", e.first_at},
          {"last_at", e.last_at}};
}

SecurityEvent read_event(const Json& value, std::string path, JsonFault& fault) {
  JsonReader in(value, std::move(path), fault);
  SecurityEvent e;
  e.seq = static_cast<std::uint64_t>(in.integer("seq", 1, INT64_MAX));
  std::string name = plain_text(in, "kind", kOfNames);
  if (name.empty()) in.wrong("kind", "must not be empty");
  const auto kind = value_in<SecurityEventKind>(kSecurityEventKindNames, name);
  e.kind = kind.value_or(SecurityEventKind{});
  if (!kind) e.unknown_kind = std::move(name);
  e.reason = plain_text(in, "reason", kOfNames);
  e.source = plain_text(in, "source", kOfAddresses);
  e.peer = maybe_id<NodeId>(in, "peer");
  e.organization = maybe_id<OrganizationId>(in, "organization");
  e.user = maybe_id<UserId>(in, "user");
  e.resource = maybe_id<ResourceId>(in, "resource");
  e.address = plain_text(in, "address", kOfAddresses);
  e.others = in.boolean("others");
  e.count = static_cast<std::uint64_t>(in.integer("count", 1, INT64_MAX));
  e.first_at = in.integer("first_at", 0, INT64_MAX);
  e.last_at = in.integer("last_at", e.first_at, INT64_MAX);
  in.finish();
  return e;
}

template <class Read>
auto whole(const Json& value, Read read)
    -> std::expected<decltype(read(std::declval<JsonReader&>(), std::declval<JsonFault&>())),
                     std::string> {
  JsonFault fault;
  JsonReader in(value, "", fault);
  auto out = read(in, fault);
  in.finish();
  if (fault.any()) return std::unexpected(fault.text());
  return out;
}

}  // namespace

void leave_out_unreadable(SecurityEvent& event) {
  const auto keep = [](std::string& text, std::string_view alphabet) {
    if (text.size() > kMaxSecurityTextBytes || !is_of(text, alphabet)) text.clear();
  };
  keep(event.reason, kOfNames);
  keep(event.source, kOfAddresses);
  keep(event.address, kOfAddresses);
}

Json to_value(const SecurityEvents& events) {
  Json list = Json::array();
  for (const SecurityEvent& event : events.events) list.push_back(to_value(event));
  return {{"run", events.run}, {"events", std::move(list)}};
}

Json to_value(const SecurityEventsTaken& taken) { return {{"run", taken.run}, {"seq", taken.seq}}; }

SecurityEvents read_security_events(JsonReader& in, JsonFault& fault) {
  SecurityEvents out{read_run(in), {}};
  const Json& items = in.array("events", kMaxSecurityEventsAtOnce);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < items.size() && !fault.any(); ++i) {
    out.events.push_back(read_event(items[i], in.item_path("events", i), fault));
    if (out.events.back().seq <= before) in.wrong("events", "must be in order");
    before = out.events.back().seq;
  }
  return out;
}

SecurityEventsTaken read_security_events_taken(JsonReader& in) {
  SecurityEventsTaken out{read_run(in), 0};
  out.seq = static_cast<std::uint64_t>(in.integer("seq", 0, INT64_MAX));
  return out;
}

std::expected<SecurityEvents, std::string> security_events_from(const Json& value) {
  return whole(value,
               [](JsonReader& in, JsonFault& fault) { return read_security_events(in, fault); });
}

std::expected<SecurityEventsTaken, std::string> security_events_taken_from(const Json& value) {
  return whole(value, [](JsonReader& in, JsonFault&) { return read_security_events_taken(in); });
}

}  // namespace rap::wire
