#include "node/host/calls/ocsp_shell.hpp"

#include "io/dialling/proxy_environment.hpp"
#include "io/system/system.hpp"
#include "node/host/calls/answer.hpp"
#include "node/host/calls/both_clocks.hpp"

namespace rap::host {
namespace {

constexpr std::chrono::seconds kResponseTimeout{10};
// A response in base64, and what is around it.
constexpr std::size_t kMaxStatusBytes = 2 * crypto::kMaxOcspResponseBytes;

// Nothing when there is none, or none that can be read: nobody is to be asked about it then.
std::vector<crypto::Certificate> chain_in(agent::NodeFiles& state, std::string_view file) {
  const auto text = state.read(file);
  if (!text || !*text) return {};
  return crypto::Certificate::chain_from_pem(**text).value_or(std::vector<crypto::Certificate>{});
}

}  // namespace

OcspShell::OcspShell(io::EventLoop& loop, NodeId node, agent::NodeFiles& state, RandomSource& rng,
                     Log& log, ControlServer control, std::function<void()> changed)
    : loop_(loop),
      state_(state),
      log_(log),
      control_(std::move(control)),
      changed_(std::move(changed)),
      sync_(node, state, rng),
      timer_(loop),
      outstanding_(loop) {}

void OcspShell::reload() {
  sync_.use(agent::OcspSlot::node, chain_in(state_, agent::kChainFile), now());
  sync_.use(agent::OcspSlot::worker, chain_in(state_, agent::kWorkerChainFile), now());
  go_on();
}

void OcspShell::go_on() {
  perform(sync_.poll(now()));
  const MonoTime next = sync_.next_wakeup();
  if (next == MonoTime::max()) return timer_.cancel();
  const MonoTime from = io::mono_now();  // `next` may be the earliest there is
  timer_.after(std::max(next, from) - from, [this] { go_on(); });
}

void OcspShell::perform(const agent::OcspActions& actions) {
  for (const agent::OcspAction& action : actions) {
    std::visit([this](const auto& a) { perform(a); }, action);
  }
}

std::optional<io::HttpClientOptions> OcspShell::server_of(const agent::FetchOcsp& fetch) const {
  io::HttpClientOptions options;
  if (fetch.way == agent::OcspWay::control_link) {
    auto control = control_();
    if (!control) return std::nullopt;
    options = std::move(*control);
    options.max_response_bytes = kMaxStatusBytes;
  } else {
    options.host = fetch.server.host;
    options.port = fetch.server.port;
    options.proxy = io::proxy_from_environment(options.host, options.port);
    options.max_response_bytes = crypto::kMaxOcspResponseBytes;
  }
  options.response_timeout = kResponseTimeout;
  return options;
}

void OcspShell::answered(agent::OcspSlot slot, const agent::Answer& answer) {
  perform(sync_.on_answer(now(), slot, answer));
  go_on();
}

void OcspShell::perform(const agent::FetchOcsp& fetch) {
  auto server = server_of(fetch);
  if (!server) {
    return answered(fetch.slot, std::unexpected("Another agent has this node's identity."));
  }
  const std::string_view who =
      fetch.way == agent::OcspWay::responder ? "The OCSP responder" : "The control plane";
  outstanding_.send(std::make_shared<io::HttpClient>(loop_, std::move(*server)), fetch.request,
                    [this, slot = fetch.slot, who](io::HttpClient::Result result) {
                      answered(slot, to_answer(std::move(result), who));
                    });
}

void OcspShell::perform(const agent::Say& say) {
  log_.write(say.level, say.event, {{"detail", say.text}});
}

}  // namespace rap::host
