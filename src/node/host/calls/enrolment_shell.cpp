#include "node/host/calls/enrolment_shell.hpp"

#include "crypto/ocsp/ocsp.hpp"
#include "io/dialling/proxy_environment.hpp"
#include "io/system/system.hpp"
#include "node/host/calls/answer.hpp"
#include "node/host/calls/both_clocks.hpp"
#include "wire/url.hpp"

namespace rap::host {
namespace {

constexpr std::uint16_t kHttpsPort = 443;

std::unique_ptr<io::HttpClient> connect(io::EventLoop& loop, const agent::EnrolmentRecord& record,
                                        const std::optional<std::string>& root_pem) {
  const wire::Url url = wire::parse_url(record.control_url, "https", kHttpsPort).value();
  crypto::TlsPolicy policy = crypto::AcceptUnverified{};
  if (root_pem) {
    policy = crypto::AcceptMember{.roots = crypto::Certificate::chain_from_pem(*root_pem).value(),
                                  .cluster = record.cluster,
                                  .kind = wire::SpiffeId::Kind::control,
                                  .host = url.authority.host,
                                  .staple_max_age = crypto::kMaxStapleAge};
  }
  io::HttpClientOptions options;
  options.host = url.authority.host;
  options.port = url.authority.port;
  options.proxy = io::proxy_from_environment(options.host, options.port);
  options.tls = crypto::TlsContext::make(crypto::TlsRole::client, std::nullopt, std::move(policy),
                                         io::wall_now);
  return std::make_unique<io::HttpClient>(loop, std::move(options));
}

}  // namespace

EnrolmentShell::EnrolmentShell(io::EventLoop& loop, agent::EnrolmentClient& enrolment,
                               agent::NodeFiles& state, Log& log, std::function<void()> done)
    : loop_(loop),
      enrolment_(enrolment),
      state_(state),
      log_(log),
      done_(std::move(done)),
      timer_(loop) {}

void EnrolmentShell::start() { step(agent::Begin{}); }

void EnrolmentShell::step(const agent::EnrolmentEvent& event) {
  const auto actions = enrolment_.step(now(), event);
  for (const agent::EnrolmentAction& action : actions) {
    std::visit([this](const auto& a) { perform(a); }, action);
  }
  const agent::EnrolmentStage stage = enrolment_.stage();
  if (stage == agent::EnrolmentStage::enrolled || stage == agent::EnrolmentStage::refused) {
    if (done_) std::exchange(done_, nullptr)();
    return;
  }
  if (const auto at = enrolment_.next_wakeup()) {
    timer_.after(*at - io::mono_now(), [this] { step(agent::Woken{}); });
  }
}

void EnrolmentShell::perform(const agent::Store& store) {
  agent::StoreResult result;
  for (const agent::FileWrite& file : store.files) {
    result = state_.write(file);
    if (!result) break;
  }
  loop_.post([this, result] { step(agent::Stored{result}); });
}

void EnrolmentShell::perform(const agent::SendEnrolment& send) {
  if (!http_ || http_root_ != send.root_pem) {
    http_ = connect(loop_, enrolment_.record(), send.root_pem);
    http_root_ = send.root_pem;
  }
  http_->send(send.request, [this](io::HttpClient::Result result) {
    step(agent::Answered{to_answer(std::move(result), "The control plane")});
  });
}

void EnrolmentShell::perform(const agent::Say& say) {
  log_.write(say.level, say.event, {{"detail", say.text}});
}

}  // namespace rap::host
