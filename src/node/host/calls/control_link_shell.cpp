#include "node/host/calls/control_link_shell.hpp"

#include "crypto/ocsp/ocsp.hpp"
#include "io/dialling/proxy_environment.hpp"
#include "io/system/system.hpp"
#include "node/agent/enrolment/fabric_identity.hpp"
#include "node/host/calls/answer.hpp"
#include "node/host/calls/both_clocks.hpp"
#include "wire/http/hints.hpp"

namespace rap::host {
namespace {

// The control plane proves its kind, its cluster and its host, that it is in good standing, and is
// not denied by what this node was told last.
io::HttpClientOptions control_options(const agent::NodeIdentity& identity,
                                      const agent::ControlLink& link) {
  const auto where = wire::parse_host_port(identity.record.node_url).value();
  io::HttpClientOptions options;
  options.host = where.host;
  options.port = where.port;
  options.proxy = io::proxy_from_environment(options.host, options.port);
  options.tls =
      crypto::TlsContext::make(crypto::TlsRole::client, identity.tls,
                               crypto::AcceptMember{.roots = identity.roots,
                                                    .cluster = identity.record.cluster,
                                                    .kind = wire::SpiffeId::Kind::control,
                                                    .host = where.host,
                                                    .staple_max_age = crypto::kMaxStapleAge,
                                                    .deny_now = [&link] { return link.denied(); }},
                               io::wall_now);
  return options;
}

// Two pings, and some time for the second to arrive.
constexpr std::chrono::seconds kMaxEventSilence = 2 * wire::kHintPing + std::chrono::seconds{5};

}  // namespace

ControlLinkShell::ControlLinkShell(io::EventLoop& loop, agent::ControlLink& link,
                                   const agent::NodeIdentity& identity, agent::NodeFiles& state,
                                   const std::string& socket_path, Log& log,
                                   io::MessagePeer fabric_user)
    : link_(link),
      log_(log),
      loop_(loop),
      state_(state),
      record_(identity.record),
      control_(control_options(identity, link)),
      calls_(std::make_shared<io::HttpClient>(loop, control_)),
      deltas_(std::make_shared<io::HttpClient>(loop, control_)),
      listener_(loop, socket_path, fabric_handlers(), log, fabric_user),
      timer_(loop),
      outstanding_(loop) {}

void ControlLinkShell::start() {
  perform(link_.load(now()));
  step(agent::LinkWoken{});
}

io::MessageHandlers ControlLinkShell::fabric_handlers() {
  return {.on_open =
              [this](std::shared_ptr<io::MessageConnection> connection) {
                fabric_ = std::move(connection);
                log_.info("fabric.connected");
                counters_.fabric_connected = true;
                ++counters_.fabric_connections;
                if (supervisor_ != nullptr) supervisor_->connected(fabric_);
                step(agent::FabricConnected{});
              },
          .on_message =
              [this](std::string message) {
                if (supervisor_ != nullptr) supervisor_->heard();
                step(agent::FabricSaid{std::move(message)});
              },
          .on_close =
              [this] {
                fabric_.reset();
                counters_.fabric_connected = false;
                log_.info("fabric.disconnected");
                if (supervisor_ != nullptr) supervisor_->disconnected();
                step(agent::FabricDisconnected{});
              }};
}

void ControlLinkShell::step(const agent::LinkEvent& event) {
  perform(link_.step(now(), event));
  leave_a_denied_control_plane();
  const MonoTime next = link_.next_wakeup();
  if (next == agent::Poller::kNever) {
    timer_.cancel();
  } else {
    const MonoTime from = io::mono_now();  // `next` may be the earliest there is
    timer_.after(std::max(next, from) - from, [this] { step(agent::LinkWoken{}); });
  }
}

void ControlLinkShell::connect_anew() {
  calls_ = std::make_shared<io::HttpClient>(loop_, control_);
  deltas_ = std::make_shared<io::HttpClient>(loop_, control_);
}

// What was told may deny the very control plane that the standing connections lead to.
void ControlLinkShell::leave_a_denied_control_plane() {
  if (link_.denied() == judged_) return;
  judged_ = link_.denied();
  if (!judged_ || !crypto::denied(*judged_, calls_->peer_chain())) return;
  log_.warn("control.denied", {{"detail",
                                "The certificate that the control plane showed is "
                                "revoked; it has to show another."}});
  connect_anew();
}

void ControlLinkShell::perform(const agent::LinkActions& actions) {
  for (const agent::LinkAction& action : actions) {
    std::visit([this](const auto& a) { perform(a); }, action);
  }
}

void ControlLinkShell::perform(const agent::SendToControl& send) {
  const bool is_delta = send.call == agent::ControlCall::pull_epochs ||
                        send.call == agent::ControlCall::pull_blocklist;
  outstanding_.send(is_delta ? deltas_ : calls_, send.request,
                    [this, call = send.call](io::HttpClient::Result result) {
                      agent::ControlAnswered answered{
                          call, to_answer(std::move(result), "The control plane")};
                      counters_.count(call, answered.answer, io::wall_now());
                      step(answered);
                    });
}

// A stream that is up stays as it is when the identity changes: it carries hints, and what is
// verified by itself.
void ControlLinkShell::perform(const agent::OpenEvents& open) {
  io::EventClientHandlers handlers;
  handlers.on_open = [this] {
    counters_.event_stream_up = true;
    ++counters_.event_streams_opened;
    step(agent::EventsOpened{});
  };
  handlers.on_event = [this](const wire::SseEvent& event) {
    ++counters_.hints;
    step(agent::HintCame{event.type, event.data});
  };
  handlers.on_end = [this](io::HttpClient::Result result) {
    counters_.event_stream_up = false;
    step(agent::EventsEnded{to_answer(std::move(result), "The event channel")});
  };
  events_ = std::make_unique<io::EventClient>(
      loop_, io::EventClientOptions{.server = control_, .max_silence = kMaxEventSilence},
      open.request, std::move(handlers));
}

void ControlLinkShell::perform(const agent::TellFabric& tell) {
  if (fabric_) fabric_->send(tell.message);
}

void ControlLinkShell::perform(const agent::TellIdentity&) {
  if (!fabric_ || counters_.held) return;
  auto identity = agent::fabric_identity(state_, record_);
  if (!identity) return log_.error("identity.unusable", {{"detail", identity.error()}});
  if (public_credential_ != nullptr && public_credential_->shown() != nullptr) {
    identity->worker = *public_credential_->shown();
  }
  fabric_->send(wire::encode_to_fabric(*identity));
}

void ControlLinkShell::perform(const agent::UseIdentity&) {
  const auto identity = agent::load_identity(state_);
  if (!identity || !*identity) {
    log_.error("identity.unusable", {{"detail", identity ? "it is gone" : identity.error()}});
    return;
  }
  control_ = control_options(**identity, link_);
  connect_anew();
  if (new_certificate_) new_certificate_();
}

void ControlLinkShell::perform(const agent::UseWorker&) {
  if (new_certificate_) new_certificate_();
}

// The stream of hints is the other agent's.
void ControlLinkShell::perform(const agent::HoldFabric& hold) {
  if (hold.held && events_) {
    events_.reset();
    counters_.event_stream_up = false;
    loop_.post([this] {
      step(agent::EventsEnded{std::unexpected("Another agent has this node's identity.")});
    });
  }
  counters_.held = hold.held;
  if (supervisor_ != nullptr) supervisor_->hold(hold.held);
}

void ControlLinkShell::perform(const agent::Say& say) {
  log_.write(say.level, say.event, {{"detail", say.text}});
}

}  // namespace rap::host
