#include "node/agent/link/pulls/config_sync.hpp"

#include <algorithm>
#include <utility>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "node/agent/configuration/service_files.hpp"
#include "node/agent/control_problem.hpp"
#include "snapshot/trust_bundle.hpp"
#include "wire/http/node_api_calls.hpp"

namespace rap::agent {
namespace {

// A configuration is asked for anew after this part of its validity, and, should the clocks be so
// far apart that it looks old at once, not sooner than after the second part.
constexpr int kRefreshPart = 4;
constexpr int kSoonestRefreshPart = 8;

bool delivered(const Answer& answer) { return answer && is_settled(answer->status); }

ConfigReport report_of(const PulledConfig& pulled, std::string text) {
  return {pulled.type, {}, pulled.version, std::move(text)};
}

ConfigReport report_of(const snapshot::DocumentRef& ref, const ConfigRefusal& refusal) {
  return {ref.type, ref.scope, ref.version,
          std::string(to_string(refusal.fault)) + ": " + refusal.detail};
}

std::string sentence(const ConfigRefusal& refusal) {
  return std::string(to_string(refusal.fault)) + ": " + refusal.detail;
}

}  // namespace

ConfigSync::ConfigSync(ConfigScope scope, NodeFiles& directory, LinkState& state, RandomSource& rng)
    : scope_(std::move(scope)),
      directory_(directory),
      state_(state),
      rng_(rng),
      documents_(directory) {}

LinkActions ConfigSync::load(Now now) {
  const auto envelope = directory_.read(kNodeConfigFile);
  if (!envelope) return {Say{LogLevel::error, "config.unreadable", envelope.error()}};
  if (!*envelope) return {};
  auto config = verify_config(**envelope, scope_, state_.config_floor, now.wall);
  if (!config) {
    return {Say{LogLevel::error, "config.stored_refused",
                "The stored configuration is not used: " + config.error().detail + "."}};
  }
  state_.config_floor = std::max(state_.config_floor, config->version);
  documents_.load(scope_);
  for (const snapshot::DocumentRef& ref : config->documents) {
    if (documents_.has(ref)) continue;
    return {Say{LogLevel::error, "config.stored_refused",
                "The stored configuration is not used: " + ref.type +
                    " is missing beside it. It is fetched again."}};
  }
  current_ = std::move(*config);
  const auto documents = documents_.documents(current_->documents);
  runtime_ = snapshot::agent_runtime_from(values_of(documents, snapshot::kAgentRuntime));
  plan_refresh(now);
  // What a crash left half done.
  auto kept = write_service_files(directory_, documents);
  if (kept) kept = remove_other_service_files(directory_, documents);
  if (!kept) return {Say{LogLevel::warn, "state.write_failed", kept.error()}};
  return {};
}

MonoTime ConfigSync::next_wakeup() const {
  return std::min({pull_.next(), ack_.next(), error_.next(), refresh_at_, fetch_.next_wakeup()});
}

LinkActions ConfigSync::poll(Now now) {
  LinkActions actions;
  if (refresh_at_ <= now.mono) {
    refresh_at_ = Poller::kNever;
    refreshing_ = true;
    pull_.hurry(now.mono);
  }
  if (fetch_.timed_out(now.mono)) {
    append(actions, give_up(now.mono, {std::string(kNodeConfigKind),
                                       {},
                                       candidate_ ? candidate_->config.version : 0,
                                       "slow_retrieval: its documents did not arrive in time"}));
  }
  append(actions, fetch_.poll(now.mono));
  if (pull_.due(now.mono)) {
    pull_.begin();
    actions.push_back(
        SendToControl{ControlCall::pull_configs, pull_configs_request(scope_.node, have())});
  }
  if (ack_.due(now.mono)) {
    ack_.begin();
    acks_in_flight_ = acks_due();
    actions.push_back(
        SendToControl{ControlCall::ack_config, config_acks_request(scope_.node, acks_in_flight_)});
  }
  if (error_.due(now.mono)) {
    error_.begin();
    if (reporting_.empty()) {
      reporting_.assign(std::make_move_iterator(failures_.begin()),
                        std::make_move_iterator(failures_.end()));
      failures_.clear();
    }
    actions.push_back(SendToControl{ControlCall::report_config_error,
                                    config_errors_request(scope_.node, reporting_)});
  }
  return actions;
}

HaveConfigs ConfigSync::have() const {
  HaveConfigs out{.have = version(),
                  .refresh = refreshing_,
                  .trust_bundle = state_.trust_bundle,
                  .documents = documents_.hashes()};
  if (current_ && !resync_) {
    out.sha256 = to_hex(current_->sha256);
    out.issued_at = to_unix(current_->issued_at);
  }
  return out;
}

void ConfigSync::announced(MonoTime now, std::uint64_t version) {
  if (version != this->version()) pull_.hurry(now);
}

void ConfigSync::hinted(MonoTime now) { pull_.hurry(now); }

LinkActions ConfigSync::fabric_connected(WallTime now) const {
  if (!current_ || is_expired(*current_, now)) return {};
  wire::Configure message{current_->value, {}};
  for (const auto& document : documents_.documents(current_->documents)) {
    message.documents.push_back(to_value(document));
  }
  return {tell_fabric(message)};
}

// One batch: the configuration, and what of its documents is not acknowledged yet.
std::vector<ConfigAck> ConfigSync::acks_due() const {
  std::vector<ConfigAck> out;
  if (!current_) return out;
  if (acked_ != current_->version) {
    out.push_back({std::string(kNodeConfigKind), {}, current_->version, {}});
  }
  for (const snapshot::DocumentRef& ref : current_->documents) {
    if (out.size() == kMaxConfigBatch) break;
    if (acked_documents_.contains(ref.sha256)) continue;
    if (snapshot::find_config_type(ref.type) == nullptr) continue;  // reported instead
    out.push_back({ref.type, ref.scope, ref.version, ref.sha256});
  }
  return out;
}

void ConfigSync::fabric_runs(MonoTime now, std::uint64_t version) {
  if (!current_ || version != current_->version || acks_due().empty()) return;
  if (std::exchange(ack_planned_, version) != version) ack_.hurry(now + random_part(ack_within_));
}

Duration ConfigSync::random_part(Duration whole) {
  const auto parts = static_cast<std::uint64_t>(whole.count()) + 1;
  return Duration{static_cast<Duration::rep>(rng_.u64() % parts)};
}

void ConfigSync::on_delivered(MonoTime now, ControlCall call, bool was_delivered) {
  Poller& poller = call == ControlCall::ack_config ? ack_ : error_;
  if (!was_delivered) return poller.failed(now, rng_);
  poller.succeeded(now, rng_);
  if (call == ControlCall::report_config_error) {
    reporting_.clear();
    if (!failures_.empty()) error_.hurry(now);
    return;
  }
  for (const ConfigAck& ack : acks_in_flight_) {
    if (ack.type == kNodeConfigKind) {
      acked_ = ack.version;
    } else {
      acked_documents_.insert(ack.sha256);
    }
  }
  if (acks_in_flight_.size() == kMaxConfigBatch && !acks_due().empty()) ack_.hurry(now);
}

LinkActions ConfigSync::on_answer(Now now, ControlCall call, const Answer& answer) {
  switch (call) {
    case ControlCall::pull_configs: return on_pulled(now, answer);
    case ControlCall::get_object: return on_object(now, answer);
    case ControlCall::ack_config:
    case ControlCall::report_config_error:
      on_delivered(now.mono, call, delivered(answer));
      return {};
    default: return {};
  }
}

void ConfigSync::report(MonoTime now, ConfigReport report) {
  if (failures_.size() == kMaxConfigReports) failures_.pop_front();
  failures_.push_back(std::move(report));
  error_.hurry(now);
}

// Nothing of what was pulled takes effect; it is pulled again, all of it.
LinkActions ConfigSync::give_up(MonoTime now, ConfigReport because) {
  fetch_.stop();
  candidate_.reset();
  resync_ = true;
  LinkActions actions{Say{LogLevel::error, "config.refused", because.text}};
  report(now, std::move(because));
  pull_.failed(now, rng_);
  return actions;
}

LinkActions ConfigSync::on_pulled(Now now, const Answer& answer) {
  const auto answered = answer ? parse_configs(*answer) : std::nullopt;
  if (!answered) {
    pull_.failed(now.mono, rng_);
    return {};
  }
  LinkActions actions;
  candidate_.reset();
  ack_within_ = answered->ack_within;
  for (const PulledConfig& pulled : answered->configs) {
    if (pulled.type == kTrustBundleKind) {
      auto taken = take_bundle(pulled);
      if (!taken) {
        append(actions, give_up(now.mono, report_of(pulled, taken.error())));
        return actions;  // what comes after may need it
      }
      append(actions, std::move(*taken));
    }
    if (pulled.type != kNodeConfigKind) continue;
    auto candidate = candidate_of(pulled, now.wall);
    if (!candidate) {
      append(actions, give_up(now.mono, report_of(pulled, sentence(candidate.error()))));
      return actions;
    }
    candidate_ = std::move(*candidate);
  }
  if (!candidate_) {
    pull_.succeeded(now.mono, rng_);
    return actions;
  }
  auto objects = stage(answered->configs);
  if (!objects) {
    append(actions, give_up(now.mono, std::move(objects.error())));
  } else if (objects->empty()) {
    append(actions, finish(now));
  } else {
    fetch_.start(now.mono, std::move(*objects));
  }
  return actions;
}

LinkActions ConfigSync::on_pushed(Now now, const std::string& text) {
  wire::HttpResponse answer;
  answer.body = text;
  const auto answered = parse_configs(answer);
  const bool is_busy = pull_.is_under_way() || candidate_ || resync_ || refreshing_ || !current_;
  if (!answered || is_busy || answered->configs.size() != 1 ||
      answered->configs[0].increment.empty()) {
    hinted(now.mono);
    return {};
  }
  const PulledConfig& pushed = answered->configs[0];
  if (pushed.version <= version()) return {};
  auto candidate = candidate_of(pushed, now.wall);
  if (!candidate && candidate.error().fault != ConfigFault::gap) {
    return give_up(now.mono, report_of(pushed, sentence(candidate.error())));
  }
  if (!candidate || !std::ranges::all_of(candidate->config.documents,
                                         [&](const auto& ref) { return documents_.has(ref); })) {
    hinted(now.mono);
    return {};
  }
  ack_within_ = answered->ack_within;
  candidate_ = std::move(*candidate);
  return finish(now);
}

std::expected<ConfigSync::Candidate, ConfigRefusal> ConfigSync::candidate_of(
    const PulledConfig& pulled, WallTime now) const {
  if (pulled.increment.empty()) {
    auto config = RAP_TRY(verify_config(pulled.envelope, scope_, state_.config_floor, now));
    return Candidate{std::move(config), pulled.envelope};
  }
  if (!current_) {
    return std::unexpected(ConfigRefusal{ConfigFault::gap, "there is no configuration here"});
  }
  auto grown =
      RAP_TRY(apply_increment(pulled.increment, *current_, scope_, state_.config_floor, now));
  std::string envelope = grown.envelope();
  return Candidate{std::move(grown.config), std::move(envelope)};
}

std::expected<std::vector<ObjectName>, ConfigReport> ConfigSync::stage(
    const std::vector<PulledConfig>& pulled) {
  std::vector<ObjectName> objects;
  for (const snapshot::DocumentRef& ref : candidate_->config.documents) {
    if (documents_.has(ref)) continue;
    const std::string name = to_hex(ref.sha256);
    const auto found = std::ranges::find(pulled, name, &PulledConfig::sha256);
    if (found == pulled.end()) {
      return std::unexpected(report_of(
          ref, {ConfigFault::mix_and_match, "the configuration lists it, but it did not come"}));
    }
    if (found->envelope.empty()) {
      if (found->size == 0 || found->size > kMaxObjectBytes) {
        return std::unexpected(
            report_of(ref, {ConfigFault::malformed, "an object of that size is not fetched"}));
      }
      objects.push_back({std::string(wire::kConfigObjects), name, found->size});
    } else if (auto added = documents_.add(ref, found->envelope, scope_); !added) {
      return std::unexpected(report_of(ref, added.error()));
    }
  }
  return objects;
}

LinkActions ConfigSync::on_object(Now now, const Answer& answer) {
  auto done = fetch_.on_answer(now.mono, answer, rng_);
  if (!done) {
    return give_up(now.mono, {std::string(kNodeConfigKind),
                              {},
                              candidate_ ? candidate_->config.version : 0,
                              done.error()});
  }
  if (!*done || !candidate_) return {};
  const auto& refs = candidate_->config.documents;
  const auto ref = std::ranges::find_if(
      refs, [&](const auto& r) { return to_hex(r.sha256) == (*done)->object.name; });
  if (ref == refs.end()) return {};
  if (auto added = documents_.add(*ref, (*done)->bytes, scope_); !added) {
    return give_up(now.mono, report_of(*ref, added.error()));
  }
  return fetch_.busy() ? LinkActions{} : finish(now);
}

LinkActions ConfigSync::finish(Now now) {
  const std::uint64_t version = candidate_->config.version;
  auto accepted = accept(now, std::move(*std::exchange(candidate_, std::nullopt)));
  if (!accepted) {
    return give_up(now.mono, {std::string(kNodeConfigKind), {}, version, accepted.error()});
  }
  pull_.succeeded(now.mono, rng_);
  resync_ = false;
  if (std::exchange(refreshing_, false)) plan_refresh(now);
  return std::move(*accepted);
}

// Verified with the roots in force, and in force from then on: two while the platform's trust moves
// from one to the other, and then the new one only.
std::expected<LinkActions, std::string> ConfigSync::take_bundle(const PulledConfig& pulled) {
  auto bundle = snapshot::open_trust_bundle(pulled.envelope, scope_.cluster, scope_.roots,
                                            state_.trust_bundle);
  if (!bundle) {
    return std::unexpected(std::string(to_string(bundle.error())) +
                           ": the trust bundle is not one that a root of this node vouches for");
  }
  if (auto stored = directory_.write({std::string(kTrustBundleFile), bundle->pem()}); !stored) {
    return std::unexpected("not_stored: " + stored.error());
  }
  scope_.roots = bundle->roots;
  state_.trust_bundle = bundle->version;
  LinkActions actions{
      Say{LogLevel::info, "trust.bundle_accepted",
          "Trust bundle " + std::to_string(bundle->version) + " is in force, with " +
              std::to_string(bundle->roots.size()) + " root(s)."},
      UseIdentity{}};
  if (auto saved = save_link_state(directory_, state_); !saved) {
    actions.push_back(Say{LogLevel::warn, "state.write_failed", saved.error()});
  }
  return actions;
}

// The documents, and what services are shown of them, go to disk before the configuration that
// lists them; what is withdrawn goes after it. Its envelope goes before the floor. A crash, or a
// full disk, between the two last leaves a floor that is too low, and the stored envelope makes up
// for it.
std::expected<LinkActions, std::string> ConfigSync::accept(Now now, Candidate candidate) {
  const std::vector<snapshot::DocumentRef> before =
      current_ ? current_->documents : std::vector<snapshot::DocumentRef>{};
  VerifiedConfig& config = candidate.config;
  if (config.documents != before) {
    if (auto stored = documents_.save(config.documents, before); !stored) {
      return std::unexpected("not_stored: " + stored.error());
    }
  }
  const auto documents = documents_.documents(config.documents);
  if (auto stored = write_service_files(directory_, documents); !stored) {
    return std::unexpected("not_stored: " + stored.error());
  }
  if (auto stored = directory_.write({std::string(kNodeConfigFile), candidate.envelope}); !stored) {
    return std::unexpected("not_stored: " + stored.error());
  }
  LinkActions actions;
  if (config.version != version()) {
    actions.push_back(Say{LogLevel::info, "config.accepted",
                          "Configuration " + std::to_string(config.version) + " is in force."});
  }
  state_.config_floor = config.version;
  current_ = std::move(config);
  documents_.keep_only(current_->documents);
  for (const snapshot::DocumentRef& ref : current_->documents) {
    const bool is_new = std::ranges::find(before, ref) == before.end();
    if (!is_new || snapshot::find_config_type(ref.type) != nullptr) continue;
    report(now.mono, {ref.type, ref.scope, ref.version,
                      "unknown_type: this release does not know the type; it is kept unread"});
  }
  std::erase_if(acked_documents_, [&](const crypto::Sha256& hash) {
    return std::ranges::find(current_->documents, hash, &snapshot::DocumentRef::sha256) ==
           current_->documents.end();
  });
  if (auto removed = remove_other_service_files(directory_, documents); !removed) {
    actions.push_back(Say{LogLevel::warn, "state.write_failed", removed.error()});
  }
  runtime_ = snapshot::agent_runtime_from(values_of(documents, snapshot::kAgentRuntime));
  if (auto saved = save_link_state(directory_, state_); !saved) {
    actions.push_back(Say{LogLevel::warn, "state.write_failed", saved.error()});
  }
  plan_refresh(now);
  append(actions, fabric_connected(now.wall));
  return actions;
}

void ConfigSync::plan_refresh(Now now) {
  if (!current_) return;
  const Duration wanted = current_->issued_at + current_->valid_for / kRefreshPart - now.wall;
  const Duration soonest = Duration{current_->valid_for} / kSoonestRefreshPart;
  refresh_at_ = now.mono + std::max(wanted, soonest);
}

}  // namespace rap::agent
