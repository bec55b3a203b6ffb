#include "agent/config_sync.hpp"

#include <algorithm>
#include <utility>

#include "agent/fabric_messages.hpp"
#include "agent/problem.hpp"

namespace rap::agent {
namespace {

bool delivered(const Answer& answer) { return answer && is_settled(answer->status); }

}  // namespace

ConfigSync::ConfigSync(ConfigScope scope, StateDirectory& directory, LinkState& state,
                       RandomSource& rng)
    : scope_(std::move(scope)), directory_(directory), state_(state), rng_(rng) {}

LinkActions ConfigSync::load() {
  const auto envelope = directory_.read(kNodeConfigFile);
  if (!envelope) return {Say{LogLevel::error, "config.unreadable", envelope.error()}};
  if (!*envelope) return {};
  auto config = verify_config(**envelope, scope_, state_.config_floor);
  if (!config) {
    return {Say{LogLevel::error, "config.stored_refused",
                "The stored configuration is not used: " + config.error().detail + "."}};
  }
  current_ = std::move(*config);
  state_.config_floor = std::max(state_.config_floor, current_->version);
  return {};
}

MonoTime ConfigSync::next_wakeup() const {
  return std::min({pull_.next(), ack_.next(), error_.next()});
}

LinkActions ConfigSync::poll(MonoTime now) {
  LinkActions actions;
  if (pull_.due(now)) {
    pull_.begin();
    actions.push_back(
        SendToControl{Call::pull_configs, pull_configs_request(scope_.node, version())});
  }
  if (ack_.due(now)) {
    ack_.begin();
    ack_in_flight_ = version();
    actions.push_back(SendToControl{
        Call::ack_config, config_ack_request(scope_.node, kNodeConfigKind, ack_in_flight_)});
  }
  if (error_.due(now)) {
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

LinkActions ConfigSync::fabric_connected() const {
  if (!current_) return {};
  return {TellFabric{config_message(current_->json)}};
}

void ConfigSync::fabric_runs(MonoTime now, std::uint64_t version) {
  if (current_ && version == current_->version && version != acked_) ack_.hurry(now);
}

LinkActions ConfigSync::on_answer(MonoTime now, Call call, const Answer& answer) {
  switch (call) {
    case Call::pull_configs: return on_pulled(now, answer);
    case Call::ack_config:
      if (delivered(answer)) {
        acked_ = ack_in_flight_;
        ack_.succeeded(now, rng_);
      } else {
        ack_.failed(now, rng_);
      }
      return {};
    case Call::report_config_error:
      if (delivered(answer)) {
        reporting_.reset();
        error_.succeeded(now, rng_);
      } else {
        error_.failed(now, rng_);
      }
      return {};
    case Call::checkin:
    case Call::pull_commands:
    case Call::report_result: return {};
  }
  return {};
}

LinkActions ConfigSync::on_pulled(MonoTime now, const Answer& answer) {
  const auto configs = answer ? parse_configs(*answer) : std::nullopt;
  if (!configs) {
    pull_.failed(now, rng_);
    return {};
  }
  LinkActions actions;
  bool all_taken = true;
  for (const PulledConfig& pulled : *configs) {
    if (auto taken = take(pulled)) {
      append(actions, std::move(*taken));
    } else {
      all_taken = false;
      actions.push_back(Say{LogLevel::error, "config.refused", taken.error()});
      failure_ = {pulled.type, pulled.version, taken.error()};
      error_.hurry(now);
    }
  }
  if (all_taken) {
    pull_.succeeded(now, rng_);
  } else {
    pull_.failed(now, rng_);
  }
  return actions;
}

std::expected<LinkActions, std::string> ConfigSync::take(const PulledConfig& pulled) {
  if (pulled.type != kNodeConfigKind) {
    return std::unexpected("unknown_type: this node does not know the type");
  }
  auto config = verify_config(pulled.envelope, scope_, state_.config_floor);
  if (!config) {
    return std::unexpected(std::string(to_string(config.error().fault)) + ": " +
                           config.error().detail);
  }
  return accept(std::move(*config), pulled.envelope);
}

// The envelope goes to disk before the floor. A crash, or a full disk, between the two leaves a
// floor that is too low, and the stored envelope makes up for it.
std::expected<LinkActions, std::string> ConfigSync::accept(VerifiedConfig config,
                                                           const std::string& envelope) {
  if (auto stored = directory_.write({std::string(kNodeConfigFile), envelope}); !stored) {
    return std::unexpected("not_stored: " + stored.error());
  }
  LinkActions actions{Say{LogLevel::info, "config.accepted",
                          "Configuration " + std::to_string(config.version) + " is in force."}};
  state_.config_floor = config.version;
  current_ = std::move(config);
  if (auto saved = save_link_state(directory_, state_); !saved) {
    actions.push_back(Say{LogLevel::warn, "state.write_failed", saved.error()});
  }
  append(actions, fabric_connected());
  return actions;
}

}  // namespace rap::agent
