#include "node/agent/link/calls/node_api.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "snapshot/configuration/document_json.hpp"
#include "wire/http/byte_range.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::agent {
namespace {

using nlohmann::json;
using wire::NodeApiCall;

wire::HttpRequest request_for(NodeApiCall call, std::initializer_list<std::string_view> values) {
  wire::HttpRequest request;
  request.method = kind_of(call).method;
  request.path = path_of(call, values);
  return request;
}

wire::HttpRequest post(NodeApiCall call, std::initializer_list<std::string_view> values,
                       const json& body) {
  wire::HttpRequest request = request_for(call, values);
  request.headers = {{"content-type", "application/json"}};
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

// Runs `read` on the parsed body of a 2xx answer.
template <class Read>
auto parse(const wire::HttpResponse& response, Read read) -> std::optional<decltype(read(json()))> {
  if (response.status < 200 || response.status >= 300) return std::nullopt;
  try {
    return read(json::parse(response.body));
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace

wire::HttpRequest checkin_request(NodeId node, const CheckinReport& report) {
  const std::string& version = report.host.software_version;
  json metrics = report.figures.get().is_object() ? report.figures.get() : json::object();
  metrics["fabric_starts"] = report.fabric_starts;
  if (report.clock_skew) metrics["clock_skew_s"] = report.clock_skew->count();
  if (report.disk) metrics["disk"] = to_string(*report.disk);
  json body = {
      {"incarnation", report.incarnation},
      {"versions",
       {{"agent", version},
        {"fabric", version},
        {"config_version", report.config_version},
        {"commands_seq", report.commands_seq},
        {"audit_head", report.audit_head}}},
      {"metrics", std::move(metrics)},
      {"metadata",
       {{"hostname", report.host.hostname},
        {"os", report.host.os},
        {"uptime_s", report.uptime_s},
        {"software_version", version}}},
      {"observations", report.observations ? to_value(*report.observations) : json::object()}};
  if (!report.advertised.fabric.empty()) {
    body["metadata"]["advertised"] = {{"data_plane", report.advertised.data_plane},
                                      {"fabric", report.advertised.fabric}};
  }
  if (const auto& shown = report.public_certificate; !shown.keys.empty()) {
    json keys = json::array();
    for (const crypto::Sha256& key : shown.keys) keys.push_back(to_hex(key));
    body["metadata"]["public_certificate"] = {{"keys", std::move(keys)},
                                              {"not_before", to_unix(shown.not_before)},
                                              {"not_after", to_unix(shown.not_after)}};
  }
  if (report.security_events != nullptr)
    body["security_events"] = to_value(*report.security_events);
  return post(NodeApiCall::check_in, {node.str()}, body);
}

std::optional<CheckinAnswer> parse_checkin(const wire::HttpResponse& response) {
  return parse(response, [](const json& body) {
    CheckinAnswer answer{body.at("config_version").get<std::uint64_t>(),
                         body.at("commands_seq").get<std::uint64_t>(),
                         body.value("renew_certificate", false),
                         std::nullopt,
                         body.value("kept_out", false),
                         body.value("audit_head", "")};
    if (body.contains("server_time")) {
      answer.server_time = from_unix(body["server_time"].get<std::int64_t>());
    }
    if (body.contains("security_events_taken")) {
      const auto taken = wire::security_events_taken_from(body["security_events_taken"]);
      if (taken) answer.security_events_taken = *taken;
    }
    return answer;
  });
}

wire::HttpRequest events_request(NodeId node) {
  wire::HttpRequest request = request_for(NodeApiCall::open_events, {node.str()});
  request.headers = {{"accept", "text/event-stream"}};
  return request;
}

wire::HttpRequest pull_commands_request(NodeId node, std::uint64_t since) {
  wire::HttpRequest request = post(NodeApiCall::pull_commands, {node.str()}, json::object());
  request.query = "since=" + std::to_string(since);
  return request;
}

std::optional<std::vector<Command>> parse_commands(const wire::HttpResponse& response) {
  return parse(response, [](const json& body) {
    std::vector<Command> commands;
    for (const json& item : body.at("commands")) {
      Command command{item.at("seq"), item.at("id"), item.at("type")};
      command.type = wire::node_command_from(command.name);
      if (command.type) {
        command.about = item.at("payload").at(std::string(kind_of(*command.type).argument));
      }
      commands.push_back(std::move(command));
    }
    std::ranges::sort(commands, {}, &Command::seq);
    if (commands.size() > kMaxCommandsAPull) commands.resize(kMaxCommandsAPull);
    return commands;
  });
}

wire::HttpRequest command_result_request(NodeId node, std::string_view command_id,
                                         std::string_view status, std::string_view detail) {
  return post(NodeApiCall::finish_command, {node.str(), command_id},
              {{"status", status}, {"detail", detail}});
}

wire::HttpRequest pull_deltas_request(NodeId node, snapshot::DeltaStream stream,
                                      std::uint64_t since, std::uint64_t began) {
  const std::string list(to_string(stream));
  json body = {{list + "_since", since}};
  if (since > 0 && began > 0) body[list + "_began"] = began;
  return post(NodeApiCall::pull_deltas, {node.str()}, body);
}

std::optional<DeltaAnswer> parse_deltas(const wire::HttpResponse& response,
                                        snapshot::DeltaStream stream) {
  const auto answer = parse(response, [&](const json& body) -> std::optional<DeltaAnswer> {
    auto changes = snapshot::parse_security_changes(body, snapshot::kMaxDeltasAPull);
    if (!changes) return std::nullopt;
    const json& restart = body.at("restart");
    return DeltaAnswer{body.at(std::string(to_string(stream)) + "_since").get<std::uint64_t>(),
                       std::move(*changes),
                       std::ranges::find(restart, json(to_string(stream))) != restart.end(),
                       body.at("more").get<bool>(),
                       body.value(std::string(to_string(stream)) + "_newest", std::uint64_t{0})};
  });
  return answer.value_or(std::nullopt);
}

wire::HttpRequest pull_configs_request(NodeId node, const HaveConfigs& have) {
  json body = {{"have", have.have},
               {"refresh", have.refresh},
               {"have_trust_bundle", have.trust_bundle},
               {"have_documents", have.documents}};
  if (!have.sha256.empty()) {
    body["have_sha256"] = have.sha256;
    body["have_issued_at"] = have.issued_at;
  }
  return post(NodeApiCall::pull_configs, {node.str()}, body);
}

wire::HttpRequest object_request(std::string_view kind, std::string_view name, std::size_t first,
                                 std::size_t count) {
  wire::HttpRequest request = request_for(NodeApiCall::get_object, {kind, name});
  request.headers = {{"range", wire::range_field(first, count)}};
  return request;
}

std::optional<PullAnswer> parse_configs(const wire::HttpResponse& response) {
  return parse(response, [](const json& body) {
    PullAnswer out;
    out.ack_within = std::min(std::chrono::milliseconds(body.value("ack_within_ms", 0U)),
                              snapshot::kMaxAckSpread);
    for (const json& item : body.at("configs")) {
      out.configs.push_back({item.at("type"), item.at("version"), item.value("envelope", ""),
                             item.value("sha256", ""), item.value("size", std::size_t{0}),
                             item.value("increment", "")});
    }
    return out;
  });
}

wire::HttpRequest renewal_request(NodeId node, wire::CertificateKind kind, const std::string& csr) {
  return post(NodeApiCall::renew_certificate, {node.str()},
              {{"kind", to_string(kind)}, {"csr", csr}});
}

std::optional<IssuedCertificate> parse_renewal(const wire::HttpResponse& response) {
  return parse(response, [](const json& body) {
    const auto staple = from_base64(body.value("ocsp", std::string()));
    return IssuedCertificate{body.at("certificate_chain"), staple.value_or(Bytes{})};
  });
}

wire::HttpRequest certificate_status_request(NodeId node, ByteView ocsp_request) {
  return post(NodeApiCall::get_certificate_status, {node.str()},
              {{"ocsp_request", to_base64(ocsp_request)}});
}

std::optional<std::string> parse_certificate_status(const wire::HttpResponse& response) {
  const auto der = parse(response, [](const json& body) {
    return from_base64(body.at("ocsp").get_ref<const std::string&>());
  });
  if (!der || !*der) return std::nullopt;
  return std::string(as_text(**der));
}

wire::HttpRequest config_acks_request(NodeId node, const std::vector<ConfigAck>& acks) {
  json items = json::array();
  for (const ConfigAck& ack : acks) {
    json item = {{"type", ack.type}, {"version", ack.version}};
    if (ack.scope) snapshot::put_scope(item, *ack.scope);
    items.push_back(std::move(item));
  }
  return post(NodeApiCall::acknowledge_configs, {node.str()}, {{"acks", std::move(items)}});
}

wire::HttpRequest config_errors_request(NodeId node, const std::vector<ConfigReport>& errors) {
  json items = json::array();
  for (const ConfigReport& error : errors) {
    json item = {{"type", error.type}, {"version", error.version}, {"error", error.text}};
    if (error.scope) snapshot::put_scope(item, *error.scope);
    items.push_back(std::move(item));
  }
  return post(NodeApiCall::report_config_errors, {node.str()}, {{"errors", std::move(items)}});
}

}  // namespace rap::agent
