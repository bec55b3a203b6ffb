#include "node/agent/enrolment/enrolment_client.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/keys/digest.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"
#include "node/agent/control_problem.hpp"
#include "snapshot/trust_bundle.hpp"
#include "wire/enrolment_state.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::agent {
namespace {

using nlohmann::json;
using wire::NodeApiCall;

wire::HttpRequest request_for(NodeApiCall call,
                              std::initializer_list<std::string_view> values = {}) {
  wire::HttpRequest request;
  request.method = kind_of(call).method;
  request.path = path_of(call, values);
  return request;
}

wire::HttpRequest post(wire::HttpRequest request, const json& body) {
  request.headers = {{"content-type", "application/json"}};
  request.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

bool succeeded(const wire::HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

// The one certificate of the bundle that the join token pins.
std::optional<std::string> pinned_root(const std::string& body, const std::string& fingerprint) {
  const json bundle = json::parse(body, nullptr, false);
  if (!bundle.is_object() || !bundle.contains("pem") || !bundle["pem"].is_string()) {
    return std::nullopt;
  }
  const auto roots = crypto::Certificate::chain_from_pem(bundle["pem"].get<std::string>());
  if (!roots) return std::nullopt;
  for (const crypto::Certificate& root : *roots) {
    if (root.fingerprint_hex() == fingerprint) return root.pem();
  }
  return std::nullopt;
}

struct Approval {
  std::string chain_pem;
  std::string roots_pem;
  std::string node_url;
  std::vector<ConfigKey> config_keys;
  Bytes staple;  // empty: none came along
};

// The roots that the pinned one vouches for, itself if for no others. The answer came under it.
std::vector<crypto::Certificate> roots_from(const json& status, const std::string& pinned_pem,
                                            ClusterId cluster) {
  const auto pinned = crypto::Certificate::from_pem(pinned_pem);
  if (!pinned) return {};
  const auto bundles = status.value("trust_bundles", std::vector<std::string>{});
  return snapshot::follow_trust_bundles({.roots = {*pinned}}, cluster, bundles).roots;
}

// Everything an approval must hold, checked before any of it replaces something on disk.
std::expected<Approval, std::string> read_approval(const json& status,
                                                   const EnrolmentRecord& record,
                                                   const std::string& pinned_pem, WallTime now) {
  try {
    const auto roots = roots_from(status, pinned_pem, record.cluster);
    Approval approval{status.at("certificate_chain"),
                      crypto::chain_pem(roots),
                      status.at("node_url"),
                      {},
                      from_base64(status.value("ocsp", std::string())).value_or(Bytes{})};
    for (const json& key : status.at("config_keys")) {
      approval.config_keys.push_back({key.at("kid"), key.at("public_key_pem")});
    }
    const auto chain = crypto::Certificate::chain_from_pem(approval.chain_pem);
    const auto request = crypto::CertificateRequest::from_pem(record.csr);
    if (!chain || roots.empty() || !request)
      return std::unexpected("a certificate in it is malformed");
    if (chain->front().public_key().spki_sha256() != request->key.spki_sha256()) {
      return std::unexpected("its certificate is for another key");
    }
    const auto id = crypto::verify_peer(chain->front(), {chain->begin() + 1, chain->end()}, roots,
                                        crypto::PeerSide::server, wire::SpiffeId::Kind::node,
                                        record.cluster, now);
    if (!id) {
      return std::unexpected("its certificate fails verification (" +
                             std::string(crypto::to_string(id.error())) +
                             "); is this machine's clock right?");
    }
    if (id->node() != record.node) return std::unexpected("its certificate names another node");
    if (approval.config_keys.empty() || !verification_keys(approval.config_keys)) {
      return std::unexpected("it holds no usable configuration key");
    }
    if (!wire::parse_host_port(approval.node_url)) {
      return std::unexpected("its node_url is not HOST:PORT");
    }
    return approval;
  } catch (const json::exception& e) {
    return std::unexpected(std::string("a member is missing or of the wrong type: ") + e.what());
  }
}

}  // namespace

EnrolmentClient::EnrolmentClient(EnrolmentPlan plan, HostFacts host, RandomSource& rng)
    : plan_(std::move(plan)), host_(std::move(host)), rng_(rng), unsaved_(plan_.unsaved) {}

EnrolmentActions EnrolmentClient::step(Now now, const EnrolmentEvent& event) {
  if (stage_ == EnrolmentStage::enrolled || stage_ == EnrolmentStage::refused) return {};
  if (std::holds_alternative<Begin>(event)) return enter(EnrolmentStage::storing_keys);
  if (const auto* stored = std::get_if<Stored>(&event)) return on_stored(now, stored->result);
  if (const auto* answered = std::get_if<Answered>(&event)) {
    if (!answered->answer) return retry(now, "enrolment.unreachable", answered->answer.error());
    return on_answer(now, *answered->answer);
  }
  if (!wakeup_ || now.mono < *wakeup_) return {};
  wakeup_.reset();
  return enter(stage_);
}

// Performs the action that a stage consists of.
EnrolmentActions EnrolmentClient::enter(EnrolmentStage stage) {
  stage_ = stage;
  switch (stage) {
    case EnrolmentStage::storing_keys:
    case EnrolmentStage::storing_identity: return {Store{unsaved_}};
    case EnrolmentStage::checking_root: {
      return {SendEnrolment{request_for(NodeApiCall::get_trust_bundle), std::nullopt}};
    }
    case EnrolmentStage::submitting: return {SendEnrolment{submission(), root_pem_}};
    case EnrolmentStage::awaiting_approval: return {SendEnrolment{status_request(), root_pem_}};
    case EnrolmentStage::enrolled: {
      return {Say{LogLevel::info, "enrolment.complete", "This node has its certificate."}};
    }
    case EnrolmentStage::refused: return {};
  }
  return {};
}

EnrolmentActions EnrolmentClient::retry(Now now, std::string_view event, const std::string& why) {
  wakeup_ = now.mono + failures_.next(rng_);
  return {Say{LogLevel::warn, std::string(event), why + " It will be tried again."}};
}

EnrolmentActions EnrolmentClient::refuse(EnrolmentRefusal reason, std::string text) {
  stage_ = EnrolmentStage::refused;
  refusal_ = reason;
  refusal_text_ = std::move(text);
  return {Say{LogLevel::error, "enrolment.refused", refusal_text_}};
}

EnrolmentActions EnrolmentClient::on_stored(Now now, const StoreResult& result) {
  if (!result) {
    return retry(now, "state.write_failed",
                 "Cannot write to the state directory: " + result.error() +
                     ". Free space or correct its permissions; nothing is lost.");
  }
  failures_.reset();
  if (stage_ == EnrolmentStage::storing_identity) return enter(EnrolmentStage::enrolled);
  // This follows storing_keys, and also the noting of the enrolment's id, when the root is known.
  return enter(root_pem_.empty() ? EnrolmentStage::checking_root
                                 : EnrolmentStage::awaiting_approval);
}

EnrolmentActions EnrolmentClient::on_answer(Now now, const wire::HttpResponse& response) {
  if (is_transient(response.status)) {
    return retry(now, "enrolment.control_unavailable", parse_problem(response).detail);
  }
  failures_.reset();
  switch (stage_) {
    case EnrolmentStage::checking_root: return on_bundle(response);
    case EnrolmentStage::submitting: return on_submitted(response);
    case EnrolmentStage::awaiting_approval: return on_status(now, response);
    case EnrolmentStage::storing_keys:
    case EnrolmentStage::storing_identity:
    case EnrolmentStage::enrolled:
    case EnrolmentStage::refused: return {};
  }
  return {};
}

EnrolmentActions EnrolmentClient::on_bundle(const wire::HttpResponse& response) {
  auto root = pinned_root(response.body, plan_.record.root_fingerprint);
  if (!root) {
    return refuse(EnrolmentRefusal::untrusted_control_plane,
                  "The server at " + plan_.record.control_url +
                      " does not show the root certificate of the join token (fingerprint " +
                      plan_.record.root_fingerprint +
                      "). If the platform's root was replaced since the token was made, make a "
                      "new one. Else it may not be your control plane: check the address and the "
                      "network. Nothing secret was sent.");
  }
  root_pem_ = std::move(*root);
  if (!plan_.record.enrolment_id.empty()) return enter(EnrolmentStage::awaiting_approval);
  if (!plan_.join_secret) {
    return refuse(EnrolmentRefusal::rejected,
                  "The control plane has not accepted this node's enrolment yet, and no join token "
                  "was given: start again with --join-token.");
  }
  return enter(EnrolmentStage::submitting);
}

EnrolmentActions EnrolmentClient::on_submitted(const wire::HttpResponse& response) {
  const json body = json::parse(response.body, nullptr, false);
  const auto id = body.is_object() ? body.find("id") : body.end();
  if (!succeeded(response) || id == body.end() || !id->is_string() ||
      !EnrolmentId::parse(id->get<std::string>())) {
    return refuse(EnrolmentRefusal::rejected,
                  "The control plane refused the enrolment: " + parse_problem(response).detail +
                      " Make a new join token with 'rap admin "
                      "join-tokens create' and start again with it.");
  }
  plan_.record.enrolment_id = id->get<std::string>();
  // Back to storing_keys: it stores the record with the id, then goes on to awaiting_approval.
  unsaved_ = {{std::string(kEnrolmentFile), to_json(plan_.record)}};
  EnrolmentActions actions = enter(EnrolmentStage::storing_keys);
  actions.push_back(Say{
      LogLevel::info, "enrolment.pending",
      "Waiting for approval: 'rap admin enrolments approve " + plan_.record.enrolment_id + "'."});
  return actions;
}

EnrolmentActions EnrolmentClient::on_status(Now now, const wire::HttpResponse& response) {
  const json body = json::parse(response.body, nullptr, false);
  const auto state = body.is_object() ? body.find("state") : body.end();
  if (!succeeded(response) || state == body.end() || !state->is_string()) {
    return refuse(EnrolmentRefusal::rejected, "The control plane no longer knows this enrolment: " +
                                                  parse_problem(response).detail +
                                                  " Start again with a new join token.");
  }
  const auto known = wire::enrolment_state_from(state->get<std::string>());
  if (known == wire::EnrolmentState::approved) return on_approved(now, response);
  if (known == wire::EnrolmentState::denied) {
    return refuse(EnrolmentRefusal::denied,
                  "The platform owner denied this node's enrolment. Ask them why, then start "
                  "again with a new join token.");
  }
  wakeup_ = now.mono + poll_interval_;
  poll_interval_ = std::min(poll_interval_ * 5 / 4, kApprovalPollCap);
  return {};
}

EnrolmentActions EnrolmentClient::on_approved(Now now, const wire::HttpResponse& response) {
  const json body = json::parse(response.body, nullptr, false);
  auto approval = read_approval(body, plan_.record, root_pem_, now.wall);
  if (!approval) {
    return retry(now, "enrolment.approval_unusable",
                 "The approval cannot be used: " + approval.error() + ".");
  }
  plan_.record.node_url = approval->node_url;
  plan_.record.config_keys = approval->config_keys;
  // The chain is written last: a node that has it has everything.
  unsaved_ = {{std::string(kTrustBundleFile), approval->roots_pem},
              {std::string(kEnrolmentFile), to_json(plan_.record)},
              {std::string(kChainFile), approval->chain_pem}};
  if (!approval->staple.empty()) {
    unsaved_.insert(unsaved_.end() - 1,
                    {std::string(kStapleFile), std::string(as_text(approval->staple))});
  }
  return enter(EnrolmentStage::storing_identity);
}

wire::HttpRequest EnrolmentClient::submission() const {
  const EnrolmentRecord& r = plan_.record;
  return post(request_for(NodeApiCall::enrol),
              {{"node_id", r.node.str()},
               {"secret", *plan_.join_secret},
               {"csr", r.csr},
               {"poll_secret_hash", crypto::sha256_hex(as_bytes(r.poll_secret))},
               {"seal_key", r.seal_public},
               {"data_plane_advertise", r.data_plane_advertise},
               {"fabric_advertise", r.fabric_advertise},
               {"metadata",
                {{"hostname", host_.hostname},
                 {"os", host_.os},
                 {"software_version", host_.software_version}}}});
}

wire::HttpRequest EnrolmentClient::status_request() const {
  return post(request_for(NodeApiCall::get_enrolment_status, {plan_.record.enrolment_id}),
              {{"poll_secret", plan_.record.poll_secret}});
}

}  // namespace rap::agent
