#include "node/agent/link/ocsp_sync.hpp"

#include <algorithm>

#include "node/agent/control_problem.hpp"
#include "node/agent/link/calls/node_api.hpp"

namespace rap::agent {
namespace {

using crypto::OcspReading;
using crypto::OcspStatus;

constexpr std::uint16_t kHttpPort = 80;
// How old a response may be is for who is shown it to say; here its own nextUpdate counts.
constexpr std::chrono::seconds kAnyAge = std::chrono::years{1};

std::string_view file_of(OcspSlot slot) {
  return slot == OcspSlot::node ? kStapleFile : kWorkerStapleFile;
}

std::string_view name_of(OcspSlot slot) { return slot == OcspSlot::node ? "node" : "worker"; }

// The response in what was answered on that way.
std::expected<std::string, std::string> response_in(const Answer& answer, OcspWay way) {
  if (!answer) return std::unexpected(answer.error());
  if (way == OcspWay::control_link) {
    if (auto told = parse_certificate_status(*answer)) return std::move(*told);
    return std::unexpected(parse_problem(*answer).detail);
  }
  if (answer->status == 200) return answer->body;
  return std::unexpected("The OCSP responder answers with status " +
                         std::to_string(answer->status) + ".");
}

bool is_revoked(const std::optional<OcspReading>& reading) {
  return reading && reading->status.kind == OcspStatus::Kind::revoked;
}

}  // namespace

void OcspSync::use(OcspSlot name, const std::vector<crypto::Certificate>& chain, Now now) {
  Slot& slot = at(name);
  const auto url =
      chain.size() < 2 ? std::nullopt : wire::parse_url(chain[0].ocsp_url(), "http", kHttpPort);
  if (!url) {
    slot = {};
    return;
  }
  if (slot.subject && slot.subject->leaf.fingerprint() == chain[0].fingerprint()) return;
  const bool outstanding = slot.outstanding;
  const OcspWay way = slot.way;
  slot = {};
  slot.outstanding = outstanding;  // its answer is about the other one, and so a failure
  slot.way = way;
  slot.subject = Subject{chain[0], chain[1], *url};
  slot.next = now.mono;
  const auto text = directory_.read(file_of(name));
  if (!text || !*text) return;
  const auto reading = crypto::read_ocsp_response(as_bytes(**text), chain[0], chain[1], now.wall);
  if (!reading) return;
  slot.stored = *reading;
  if (now.wall - reading->this_update < kOcspYoung) {
    slot.next = now.mono + interval(*reading, now.wall);
  }
}

MonoTime OcspSync::next_wakeup() const {
  MonoTime next = MonoTime::max();
  for (const Slot& slot : slots_) {
    if (slot.subject && !slot.outstanding) next = std::min(next, slot.next);
  }
  return next;
}

FetchOcsp OcspSync::fetch(OcspSlot name) {
  Slot& slot = at(name);
  slot.outstanding = true;
  const Bytes asked = crypto::make_ocsp_request(slot.subject->leaf, slot.subject->issuer);
  if (slot.way == OcspWay::control_link) {
    return {name, slot.way, {}, certificate_status_request(node_, asked)};
  }
  wire::HttpRequest request;
  request.method = "POST";
  request.path = slot.subject->url.path;
  request.headers = {{"content-type", "application/ocsp-request"}};
  request.body = std::string(as_text(asked));
  return {name, slot.way, slot.subject->url.authority, std::move(request)};
}

OcspActions OcspSync::poll(Now now) {
  OcspActions actions;
  for (const OcspSlot name : {OcspSlot::node, OcspSlot::worker}) {
    const Slot& slot = at(name);
    if (!slot.subject || slot.outstanding || slot.next > now.mono) continue;
    actions.emplace_back(fetch(name));
  }
  return actions;
}

std::expected<OcspReading, std::string> OcspSync::take(const Slot& slot, const Response& response,
                                                       WallTime now) const {
  if (!response) return std::unexpected(response.error());
  const auto& [leaf, issuer, url] = *slot.subject;
  const auto reading = crypto::read_ocsp_response(as_bytes(*response), leaf, issuer, now);
  auto fault = reading ? crypto::judge(*reading, now, kAnyAge) : std::optional(reading.error());
  if (fault == crypto::OcspFault::revoked) fault.reset();
  if (fault) {
    return std::unexpected("The OCSP response cannot be used: " + std::string(to_string(*fault)) +
                           ".");
  }
  // Plain HTTP: somebody in between may have kept it from before the certificate was revoked.
  if (slot.stored && reading->this_update < slot.stored->this_update) {
    return std::unexpected("The OCSP response is older than the one that is known.");
  }
  return *reading;
}

// What does not come by one way is asked for by the other; when neither gives it, both wait.
OcspActions OcspSync::failed(Now now, OcspSlot name, const std::string& why) {
  Slot& slot = at(name);
  if (slot.way == OcspWay::responder) {
    slot.way = OcspWay::control_link;
    slot.responder_fault = why;
    return {fetch(name)};
  }
  slot.way = OcspWay::responder;
  slot.next = now.mono + slot.backoff.next(rng_);
  if (std::exchange(slot.trouble_said, true)) return {};
  return {Say{LogLevel::warn, "ocsp.failed",
              slot.responder_fault + " By the control plane's listener for nodes: " + why +
                  " The last response is shown on; it is tried again."}};
}

OcspActions OcspSync::on_answer(Now now, OcspSlot name, const Answer& answer) {
  Slot& slot = at(name);
  slot.outstanding = false;
  if (!slot.subject) {
    slot.way = OcspWay::responder;
    return {};
  }
  const Response response = response_in(answer, slot.way);
  auto reading = take(slot, response, now.wall);
  if (reading) {
    const auto stored = directory_.write({std::string(file_of(name)), *response});
    if (!stored) reading = std::unexpected(stored.error());
  }
  if (!reading) return failed(now, name, reading.error());
  OcspActions actions = {StapleChanged{}};
  const bool by_detour = std::exchange(slot.way, OcspWay::responder) == OcspWay::control_link;
  const bool was_revoked = is_revoked(slot.stored);
  slot.stored = *reading;
  slot.backoff.reset();
  slot.next = now.mono + interval(*reading, now.wall);
  const bool was_trouble = std::exchange(slot.trouble_said, false);
  const bool was_detour = std::exchange(slot.detour_said, by_detour);
  if (is_revoked(slot.stored) && !was_revoked) {
    actions.push_back(Say{LogLevel::warn, "ocsp.revoked",
                          "The " + std::string(name_of(name)) +
                              "'s certificate is revoked, and whoever connects is shown so."});
  }
  if (by_detour && !was_detour) {
    actions.push_back(Say{LogLevel::warn, "ocsp.detour",
                          slot.responder_fault +
                              " The control plane's listener for nodes told how the certificate "
                              "stands instead. Let this host reach the responder."});
  } else if (!by_detour && (was_trouble || was_detour)) {
    actions.push_back(Say{LogLevel::info, "ocsp.fetched", "The OCSP responder answers again."});
  }
  return actions;
}

Duration OcspSync::interval(const OcspReading& reading, WallTime now) {
  Duration wait = kOcspInterval;
  if (reading.next_update) {
    wait = std::min(wait, std::chrono::duration_cast<Duration>(*reading.next_update - now) / 2);
  }
  const auto span = static_cast<std::uint64_t>(std::max(wait, kOcspMinInterval).count()) *
                    kOcspJitterPercent / 100;
  return std::max(wait - Duration{static_cast<Duration::rep>(rng_.u64() % (span + 1))},
                  kOcspMinInterval);
}

}  // namespace rap::agent
