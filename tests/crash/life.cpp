#include "life.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <nlohmann/json.hpp>

#include "io/system/file.hpp"

namespace rap::crash {

using nlohmann::json;

namespace {

constexpr int kMaxSteps = 3000;

void raise_to(std::atomic<std::uint64_t>& value, std::uint64_t seen) {
  value = std::max(value.load(), seen);
}

}  // namespace

Life::Life(const std::filesystem::path& directory, sim::LinkControl& control, NodeId node)
    : directory_(directory),
      files_(directory),
      store_(directory / agent::kSecurityFile, control.cluster()),
      control_(control),
      node_(node) {}

agent::Now Life::clocks() const {
  return {now_, sim::LinkControl::kStart +
                    std::chrono::duration_cast<std::chrono::seconds>(now_.time_since_epoch())};
}

bool Life::begin(Progress& found) {
  if (!io::make_directory(directory_)) return false;
  files_.remove_leftovers();
  const auto state = agent::load_link_state(files_, control_.cluster());
  if (!state) return false;
  agent::ControlLinkOptions options{
      .scope = {{control_.config_key()}, control_.cluster(), node_, control_.first_roots()},
      .certificate = control_.certificate(),
      .host = {"host", "os", "1"},
      .made_at = now_};
  const auto roots = files_.read(agent::kTrustBundleFile);
  if (!roots) return false;
  if (*roots) {
    const auto chain = crypto::Certificate::chain_from_pem(**roots);
    if (!chain) return false;
    options.scope.roots = *chain;
  }
  link_ = std::make_unique<agent::ControlLink>(std::move(options), *state, files_, store_, rng_);
  Progress ignored;
  take(link_->load(clocks()), ignored);
  found.config = state->config_floor;
  found.commands = state->commands_seq;
  found.bundle = state->trust_bundle;
  const auto epochs = store_.state(snapshot::DeltaStream::epochs);
  const auto blocklist = store_.state(snapshot::DeltaStream::blocklist);
  if (!epochs || !blocklist) return false;
  found.epochs = epochs->cursor;
  found.blocklist = blocklist->cursor;
  return true;
}

bool Life::run(Progress& said) {
  take(link_->step(clocks(), agent::FabricConnected{}), said);
  for (int i = 0; i < kMaxSteps; ++i) {
    if (events_.empty()) {
      if (is_caught_up()) return true;
      now_ = std::max(now_, link_->next_wakeup());
      take(link_->step(clocks(), agent::LinkWoken{}), said);
      continue;
    }
    const agent::LinkEvent event = std::move(events_.front());
    events_.pop_front();
    take(link_->step(clocks(), event), said);
  }
  return false;
}

void Life::take(const agent::LinkActions& actions, Progress& said) {
  for (const agent::LinkAction& action : actions) {
    if (const auto* call = std::get_if<agent::SendToControl>(&action)) send(*call, said);
    if (std::holds_alternative<agent::OpenEvents>(action)) {
      events_.push_back(agent::EventsEnded{std::unexpected("no hints here")});
    }
    if (const auto* tell = std::get_if<agent::TellFabric>(&action)) tell_fabric(tell->message);
  }
}

void Life::send(const agent::SendToControl& call, Progress& said) {
  const json body = json::parse(call.request.body, nullptr, false);
  switch (call.call) {
    case agent::ControlCall::pull_configs:
      raise_to(said.bundle, body["have_trust_bundle"].get<std::uint64_t>());
      break;
    case agent::ControlCall::ack_config:
      raise_to(said.config, body["acks"][0]["version"].get<std::uint64_t>());
      break;
    case agent::ControlCall::pull_commands: {
      std::uint64_t since = 0;
      const std::string& query = call.request.query;
      std::from_chars(query.data() + query.find('=') + 1, query.data() + query.size(), since);
      raise_to(said.commands, since);
      break;
    }
    case agent::ControlCall::pull_epochs:
      raise_to(said.epochs, body["epochs_since"].get<std::uint64_t>());
      break;
    case agent::ControlCall::pull_blocklist:
      raise_to(said.blocklist, body["blocklist_since"].get<std::uint64_t>());
      break;
    default: break;
  }
  events_.push_back(
      agent::ControlAnswered{call.call, control_.answer(node_, call.request, clocks().wall)});
}

void Life::tell_fabric(const std::string& message) {
  const json said = json::parse(message);
  if (said["type"] == "config") {
    runs_config_ = said["config"]["version"];
    wire::Observations observations;
    observations.config_version = runs_config_;
    events_.push_back(agent::FabricSaid{wire::encode_to_agent(observations)});
  } else if (said["type"] == "command") {
    events_.push_back(
        agent::FabricSaid{wire::encode_to_agent(wire::CommandResult{said["id"], "ok"})});
  }
}

bool Life::is_caught_up() {
  const auto state = agent::load_link_state(files_, control_.cluster());
  const auto stored = store_.load();
  if (!state || !stored || runs_config_ != control_.config_version()) return false;
  std::set<std::string> listed;
  for (const auto& row : stored->blocklist) listed.insert(row.value);
  std::map<UserId, snapshot::EpochChange> epochs;
  for (const auto& row : stored->epochs) epochs[row.user] = row;
  const auto roots = files_.read(agent::kTrustBundleFile);
  return listed == control_.listed() && epochs == control_.epochs() && roots && *roots &&
         **roots == control_.trusted_pem() && state->config_floor == control_.config_version() &&
         state->commands_seq == control_.last_command(node_);
}

}  // namespace rap::crash
