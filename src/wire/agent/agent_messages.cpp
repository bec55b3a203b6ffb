#include "wire/agent/agent_messages.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"

namespace rap::wire {
namespace {

using Json = nlohmann::json;
// The members of some messages are in an order of their own.
using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view kConfig = "config";
constexpr std::string_view kCommand = "command";
constexpr std::string_view kControl = "control";
constexpr std::string_view kIdentity = "identity";
constexpr std::string_view kAgentListeners = "agent_listeners";
constexpr std::string_view kClock = "clock";
constexpr std::string_view kEnd = "end";
constexpr std::string_view kSecurityState = "security_state";
constexpr std::string_view kSecurityChanges = "security_changes";
constexpr std::string_view kSecurityIncomplete = "security_incomplete";
constexpr std::string_view kSecurityEventsTaken = "security_events_taken";
constexpr std::string_view kSecurityEvents = "security_events";
constexpr std::string_view kCommandResult = "command_result";
constexpr std::string_view kObservations = "observations";
constexpr std::size_t kMaxCommandName = 64;
constexpr std::size_t kMaxCommandArgument = 64;

template <class J>
std::string text_of(const J& message) {
  return message.dump(-1, ' ', false, J::error_handler_t::replace);
}

std::string encode(const Configure& m) {
  OrderedJson documents = OrderedJson::array();
  for (const JsonValue& document : m.documents) documents.emplace_back(document.get());
  OrderedJson out = OrderedJson::object();
  out["type"] = kConfig;
  out["config"] = OrderedJson(m.config.get());
  out["documents"] = std::move(documents);
  return text_of(out);
}

std::string encode(const RunCommand& m) {
  const NodeCommandKind& kind = kind_of(m.type);
  OrderedJson out = OrderedJson::object();
  out["type"] = kCommand;
  out["id"] = m.id;
  out["command"] = kind.name;
  out[std::string(kind.argument)] = m.about;
  return text_of(out);
}

std::string encode(const ControlReachable& m) {
  OrderedJson out = OrderedJson::object();
  out["type"] = kControl;
  out["reachable"] = m.reachable;
  return text_of(out);
}

Json to_value(const Credential& credential) {
  return {{"key", credential.key_pem},
          {"chain", credential.chain_pem},
          {"staple", to_base64(credential.staple)}};
}

Json to_value(const std::vector<HostPort>& listeners) {
  Json out = Json::array();
  for (const HostPort& listener : listeners) out.push_back(listener.str());
  return out;
}

std::string encode(const Identify& m) {
  return text_of(Json{{"type", kIdentity},
                      {"node", to_value(m.node)},
                      {"worker", m.worker ? Json::array({to_value(*m.worker)}) : Json::array()},
                      {"seal_key", m.seal_key},
                      {"control", to_value(m.control)}});
}

std::string encode(const AgentListeners& m) {
  return text_of(Json{{"type", kAgentListeners}, {"listeners", to_value(m.listeners)}});
}

std::string encode(const ClockAhead& m) {
  return text_of(Json{{"type", kClock}, {"ahead_s", m.ahead.count()}});
}

std::string encode(const End&) { return text_of(Json{{"type", kEnd}}); }

std::string encode(const SecurityState& m) {
  return text_of(Json{{"type", kSecurityState},
                      {"epochs", m.rows.epochs.get()},
                      {"blocklist", m.rows.blocklist.get()},
                      {"first", m.first},
                      {"last", m.last}});
}

std::string encode(const SecurityChanged& m) {
  return text_of(Json{{"type", kSecurityChanges},
                      {"epochs", m.rows.epochs.get()},
                      {"blocklist", m.rows.blocklist.get()}});
}

std::string encode(const SecurityIncomplete&) {
  return text_of(Json{{"type", kSecurityIncomplete}});
}

std::string encode(const CommandResult& m) {
  return text_of(Json{{"type", kCommandResult}, {"id", m.id}, {"status", m.status}});
}

std::string encode(const Observations& m) {
  Json out = to_value(m);
  out["type"] = kObservations;
  return text_of(out);
}

std::string encode(const SecurityEvents& m) {
  Json out = to_value(m);
  out["type"] = kSecurityEvents;
  return text_of(out);
}

std::string encode(const SecurityEventsTaken& m) {
  Json out = to_value(m);
  out["type"] = kSecurityEventsTaken;
  return text_of(out);
}

// A message on its way to its type: the whole value, and its members one by one.
struct ReceivedMessage {
  explicit ReceivedMessage(Json v) : value(std::move(v)), in(value, "", fault) {}

  // Takes a value out of the message, without a copy, after the reader has passed it.
  JsonValue take(const char* name) {
    const auto it = value.find(name);
    return it == value.end() ? JsonValue() : JsonValue(std::move(*it));
  }

  Json value;
  JsonFault fault;
  JsonReader in;
};

template <class T>
using Decoded = std::expected<T, AgentMessageFault>;

// The message once the reader has found nothing wrong; `make` takes out what travels as a value.
template <class Message, class Make>
Decoded<Message> done(ReceivedMessage& m, Make make) {
  m.in.finish();
  if (m.fault.any()) return std::unexpected(AgentMessageFault{{}, m.fault.text()});
  return make();
}

Decoded<ToFabric> decode_configure(ReceivedMessage& m) {
  m.in.object("config");
  const Json& documents = m.in.array("documents", kMaxMessageDocuments);
  for (const Json& document : documents) {
    if (!document.is_object()) m.in.wrong("documents", "must hold objects");
  }
  return done<ToFabric>(m, [&] {
    Configure out{m.take("config"), {}};
    for (Json& document : m.value["documents"]) out.documents.emplace_back(std::move(document));
    return out;
  });
}

Decoded<ToFabric> decode_command(ReceivedMessage& m) {
  RunCommand out;
  out.id = m.in.text("id", kMaxCommandIdBytes);
  if (const auto type = node_command_from(m.in.text("command", kMaxCommandName))) {
    out.type = *type;
    out.about = m.in.text(kind_of(*type).argument, kMaxCommandArgument);
  } else {
    m.in.wrong("command", "is none of this release");
  }
  return done<ToFabric>(m, [&] { return out; });
}

void check_rows(ReceivedMessage& m) {
  m.in.array("epochs", kMaxSecurityRows);
  m.in.array("blocklist", kMaxSecurityRows);
}

SecurityRows take_rows(ReceivedMessage& m) { return {m.take("epochs"), m.take("blocklist")}; }

Decoded<ToFabric> decode_control(ReceivedMessage& m) {
  const ControlReachable out{m.in.boolean("reachable")};
  return done<ToFabric>(m, [&] { return out; });
}

Credential read_credential(const Json& value, std::string path, JsonFault& fault) {
  JsonReader in(value, std::move(path), fault);
  Credential out{in.text("key", kMaxKeyPemBytes), in.text("chain", kMaxChainPemBytes), {}};
  auto staple = from_base64(in.text("staple", kMaxStapleTextBytes));
  if (!staple) in.wrong("staple", "must be base64");
  out.staple = std::move(staple).value_or(Bytes{});
  in.finish();
  return out;
}

std::vector<HostPort> read_listeners(JsonReader& in, const char* name, std::size_t most) {
  std::vector<HostPort> out;
  const Json& items = in.array(name, most);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto listener = parse_host_port(in.item_text(name, i, items[i], kMaxListenerBytes));
    if (!listener) in.wrong(name, "must hold HOST:PORT");
    if (listener) out.push_back(*listener);
  }
  return out;
}

Decoded<ToFabric> decode_identity(ReceivedMessage& m) {
  Identify out;
  out.node = read_credential(m.in.object("node"), "node", m.fault);
  // None or one.
  for (const Json& worker : m.in.array("worker", 1)) {
    out.worker = read_credential(worker, m.in.item_path("worker", 0), m.fault);
  }
  out.seal_key = m.in.text("seal_key", kMaxSealKeyBytes);
  out.control = read_listeners(m.in, "control", kMaxControlListeners);
  return done<ToFabric>(m, [&] { return std::move(out); });
}

Decoded<ToFabric> decode_agent_listeners(ReceivedMessage& m) {
  AgentListeners out{read_listeners(m.in, "listeners", kMaxAgentListeners)};
  return done<ToFabric>(m, [&] { return std::move(out); });
}

Decoded<ToFabric> decode_security_state(ReceivedMessage& m) {
  check_rows(m);
  const bool first = m.in.boolean("first");
  const bool last = m.in.boolean("last");
  return done<ToFabric>(m, [&] { return SecurityState{take_rows(m), first, last}; });
}

Decoded<ToFabric> decode_security_changed(ReceivedMessage& m) {
  check_rows(m);
  return done<ToFabric>(m, [&] { return SecurityChanged{take_rows(m)}; });
}

Decoded<ToFabric> decode_clock(ReceivedMessage& m) {
  const std::int64_t most = kMaxClockAhead.count();
  const ClockAhead out{std::chrono::seconds{m.in.integer("ahead_s", -most, most)}};
  return done<ToFabric>(m, [&] { return out; });
}

template <class Message>
Decoded<ToFabric> decode_bare(ReceivedMessage& m) {
  return done<ToFabric>(m, [] { return Message{}; });
}

Decoded<ToAgent> decode_command_result(ReceivedMessage& m) {
  const CommandResult out{m.in.text("id", kMaxCommandIdBytes),
                          m.in.text("status", kMaxCommandStatusBytes)};
  return done<ToAgent>(m, [&] { return out; });
}

Decoded<ToAgent> decode_observations(ReceivedMessage& m) {
  Observations out = read_observations(m.in, kMaxToAgentBytes, m.fault);
  return done<ToAgent>(m, [&] { return std::move(out); });
}

Decoded<ToAgent> decode_security_events(ReceivedMessage& m) {
  SecurityEvents out = read_security_events(m.in, m.fault);
  return done<ToAgent>(m, [&] { return std::move(out); });
}

Decoded<ToFabric> decode_security_events_taken(ReceivedMessage& m) {
  const SecurityEventsTaken out = read_security_events_taken(m.in);
  return done<ToFabric>(m, [&] { return out; });
}

template <class Message>
struct MessageType {
  std::string_view name;
  Decoded<Message> (*decode)(ReceivedMessage&);
};

constexpr std::array<MessageType<ToFabric>, 11> kToFabric = {{
    {kConfig, decode_configure},
    {kCommand, decode_command},
    {kControl, decode_control},
    {kIdentity, decode_identity},
    {kEnd, decode_bare<End>},
    {kSecurityState, decode_security_state},
    {kSecurityChanges, decode_security_changed},
    {kSecurityIncomplete, decode_bare<SecurityIncomplete>},
    {kSecurityEventsTaken, decode_security_events_taken},
    {kAgentListeners, decode_agent_listeners},
    {kClock, decode_clock},
}};
static_assert(kToFabric.size() == std::variant_size_v<ToFabric>);

constexpr std::array<MessageType<ToAgent>, 3> kToAgent = {{
    {kCommandResult, decode_command_result},
    {kObservations, decode_observations},
    {kSecurityEvents, decode_security_events},
}};
static_assert(kToAgent.size() == std::variant_size_v<ToAgent>);

template <class Types>
auto decode(std::string_view text, std::size_t max_bytes, const Types& types)
    -> decltype(types.front().decode(std::declval<ReceivedMessage&>())) {
  if (text.size() > max_bytes) {
    return std::unexpected(
        AgentMessageFault{{}, "it has more than " + std::to_string(max_bytes) + " bytes"});
  }
  auto value = parse_strict_json(text, kMaxAgentMessageDepth);
  if (!value || !value->is_object()) {
    return std::unexpected(AgentMessageFault{{}, "it is no JSON object without duplicate members"});
  }
  ReceivedMessage received(std::move(*value));
  const std::string type = received.in.text("type", kMaxMessageTypeBytes);
  for (const auto& known : types) {
    if (known.name != type) continue;
    auto message = known.decode(received);
    if (!message) message.error().type = type;
    return message;
  }
  return std::unexpected(AgentMessageFault{type, "the type is unknown"});
}

}  // namespace

bool AgentMessageFault::is_of_config() const { return type == kConfig; }

bool AgentMessageFault::is_of_security() const {
  return type == kSecurityState || type == kSecurityChanges || type == kSecurityIncomplete;
}

std::string encode_to_fabric(const ToFabric& message) {
  return std::visit([](const auto& m) { return encode(m); }, message);
}

std::string encode_to_agent(const ToAgent& message) {
  return std::visit([](const auto& m) { return encode(m); }, message);
}

std::expected<ToFabric, AgentMessageFault> decode_to_fabric(std::string_view text) {
  return decode(text, kMaxToFabricBytes, kToFabric);
}

std::expected<ToAgent, AgentMessageFault> decode_to_agent(std::string_view text) {
  return decode(text, kMaxToAgentBytes, kToAgent);
}

}  // namespace rap::wire
