#include "agent/config_sync.hpp"

#include <algorithm>
#include <utility>

#include "agent/fabric_messages.hpp"
#include "agent/problem.hpp"
#include "snapshot/trust_bundle.hpp"

namespace rap::agent {
namespace {

// A configuration is asked for anew after this part of its validity, and, should the clocks be so
// far apart that it looks old at once, not sooner than after the second part.
constexpr int kRefreshPart = 4;
constexpr int kSoonestRefreshPart = 8;

bool delivered(const Answer& answer) { return answer && is_settled(answer->status); }

}  // namespace

ConfigSync::ConfigSync(ConfigScope scope, StateDirectory& directory, LinkState& state,
                       RandomSource& rng)
    : scope_(std::move(scope)), directory_(directory), state_(state), rng_(rng) {}

LinkActions ConfigSync::load(Now now) {
  const auto envelope = directory_.read(kNodeConfigFile);
  if (!envelope) return {Say{LogLevel::error, "config.unreadable", envelope.error()}};
  if (!*envelope) return {};
  auto config = verify_config(**envelope, scope_, state_.config_floor, now.wall);
  if (!config) {
    return {Say{LogLevel::error, "config.stored_refused",
                "The stored configuration is not used: " + config.error().detail + "."}};
  }
  current_ = std::move(*config);
  state_.config_floor = std::max(state_.config_floor, current_->version);
  plan_refresh(now);
  return {};
}

MonoTime ConfigSync::next_wakeup() const {
  return std::min({pull_.next(), ack_.next(), error_.next(), refresh_at_});
}

LinkActions ConfigSync::poll(Now now) {
  LinkActions actions;
  if (refresh_at_ <= now.mono) {
    refresh_at_ = Poller::kNever;
    refreshing_ = true;
    pull_.hurry(now.mono);
  }
  if (pull_.due(now.mono)) {
    pull_.begin();
    actions.push_back(SendToControl{
        Call::pull_configs,
        pull_configs_request(scope_.node, version(), refreshing_, state_.trust_bundle)});
  }
  if (ack_.due(now.mono)) {
    ack_.begin();
    ack_in_flight_ = version();
    actions.push_back(SendToControl{
        Call::ack_config, config_ack_request(scope_.node, kNodeConfigKind, ack_in_flight_)});
  }
  if (error_.due(now.mono)) {
    error_.begin();
    if (!reporting_) reporting_ = std::exchange(failure_, std::nullopt);
    actions.push_back(SendToControl{Call::report_config_error,
                                    config_error_request(scope_.node, reporting_->type,
                                                         reporting_->version, reporting_->text)});
  }
  return actions;
}

void ConfigSync::announced(MonoTime now, std::uint64_t version) {
  if (version != this->version()) pull_.hurry(now);
}

void ConfigSync::hinted(MonoTime now) { pull_.hurry(now); }

LinkActions ConfigSync::fabric_connected(WallTime now) const {
  if (!current_ || is_expired(*current_, now)) return {};
  return {TellFabric{config_message(current_->json)}};
}

void ConfigSync::fabric_runs(MonoTime now, std::uint64_t version) {
  if (current_ && version == current_->version && version != acked_) ack_.hurry(now);
}

LinkActions ConfigSync::on_answer(Now now, Call call, const Answer& answer) {
  switch (call) {
    case Call::pull_configs: return on_pulled(now, answer);
    case Call::ack_config:
      if (delivered(answer)) {
        acked_ = ack_in_flight_;
        ack_.succeeded(now.mono, rng_);
      } else {
        ack_.failed(now.mono, rng_);
      }
      return {};
    case Call::report_config_error:
      if (delivered(answer)) {
        reporting_.reset();
        error_.succeeded(now.mono, rng_);
      } else {
        error_.failed(now.mono, rng_);
      }
      return {};
    case Call::checkin:
    case Call::pull_commands:
    case Call::report_result:
    case Call::renew_worker:
    case Call::renew_certificate:
    case Call::pull_epochs:
    case Call::pull_blacklist: return {};
  }
  return {};
}

LinkActions ConfigSync::on_pulled(Now now, const Answer& answer) {
  const auto configs = answer ? parse_configs(*answer) : std::nullopt;
  if (!configs) {
    pull_.failed(now.mono, rng_);
    return {};
  }
  LinkActions actions;
  bool all_taken = true;
  for (const PulledConfig& pulled : *configs) {
    if (auto taken = take(now, pulled)) {
      append(actions, std::move(*taken));
    } else {
      all_taken = false;
      actions.push_back(Say{LogLevel::error, "config.refused", taken.error()});
      failure_ = {pulled.type, pulled.version, taken.error()};
      error_.hurry(now.mono);
      break;  // what comes after may need it
    }
  }
  if (all_taken) {
    pull_.succeeded(now.mono, rng_);
    if (std::exchange(refreshing_, false)) plan_refresh(now);
  } else {
    pull_.failed(now.mono, rng_);
  }
  return actions;
}

std::expected<LinkActions, std::string> ConfigSync::take(Now now, const PulledConfig& pulled) {
  if (pulled.type == kTrustBundleKind) return take_bundle(pulled);
  if (pulled.type != kNodeConfigKind) {
    return std::unexpected("unknown_type: this node does not know the type");
  }
  auto config = verify_config(pulled.envelope, scope_, state_.config_floor, now.wall);
  if (!config) {
    return std::unexpected(std::string(to_string(config.error().fault)) + ": " +
                           config.error().detail);
  }
  return accept(now, std::move(*config), pulled.envelope);
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

// The envelope goes to disk before the floor. A crash, or a full disk, between the two leaves a
// floor that is too low, and the stored envelope makes up for it.
std::expected<LinkActions, std::string> ConfigSync::accept(Now now, VerifiedConfig config,
                                                           const std::string& envelope) {
  if (auto stored = directory_.write({std::string(kNodeConfigFile), envelope}); !stored) {
    return std::unexpected("not_stored: " + stored.error());
  }
  LinkActions actions;
  if (config.version != version()) {
    actions.push_back(Say{LogLevel::info, "config.accepted",
                          "Configuration " + std::to_string(config.version) + " is in force."});
  }
  state_.config_floor = config.version;
  current_ = std::move(config);
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
