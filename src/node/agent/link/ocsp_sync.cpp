#include "node/agent/link/ocsp_sync.hpp"

#include <algorithm>

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
  slot = {};
  slot.outstanding = outstanding;  // its answer is about the other one, and so a failure
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

OcspActions OcspSync::poll(Now now) {
  OcspActions actions;
  for (const OcspSlot name : {OcspSlot::node, OcspSlot::worker}) {
    Slot& slot = at(name);
    if (!slot.subject || slot.outstanding || slot.next > now.mono) continue;
    slot.outstanding = true;
    wire::HttpRequest request;
    request.method = "POST";
    request.path = slot.subject->url.path;
    request.headers = {{"content-type", "application/ocsp-request"}};
    request.body =
        std::string(as_text(crypto::make_ocsp_request(slot.subject->leaf, slot.subject->issuer)));
    actions.push_back(FetchOcsp{name, slot.subject->url.authority, std::move(request)});
  }
  return actions;
}

std::expected<OcspReading, std::string> OcspSync::take(const Slot& slot, const Answer& answer,
                                                       WallTime now) const {
  if (!answer) return std::unexpected(answer.error());
  if (answer->status != 200) {
    return std::unexpected("The OCSP responder answers with status " +
                           std::to_string(answer->status) + ".");
  }
  const auto& [leaf, issuer, url] = *slot.subject;
  const auto reading = crypto::read_ocsp_response(as_bytes(answer->body), leaf, issuer, now);
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

OcspActions OcspSync::on_answer(Now now, OcspSlot name, const Answer& answer) {
  Slot& slot = at(name);
  slot.outstanding = false;
  if (!slot.subject) return {};
  auto reading = take(slot, answer, now.wall);
  if (reading) {
    const auto stored = directory_.write({std::string(file_of(name)), answer->body});
    if (!stored) reading = std::unexpected(stored.error());
  }
  if (!reading) {
    slot.next = now.mono + slot.backoff.next(rng_);
    if (std::exchange(slot.trouble_said, true)) return {};
    return {Say{LogLevel::warn, "ocsp.failed",
                reading.error() + " The last response is shown on; it is tried again."}};
  }
  OcspActions actions = {StapleChanged{}};
  const bool was_revoked = is_revoked(slot.stored);
  slot.stored = *reading;
  slot.backoff.reset();
  slot.next = now.mono + interval(*reading, now.wall);
  if (is_revoked(slot.stored) && !was_revoked) {
    actions.push_back(Say{LogLevel::warn, "ocsp.revoked",
                          "The " + std::string(name_of(name)) +
                              "'s certificate is revoked, and whoever connects is shown so."});
  } else if (std::exchange(slot.trouble_said, false)) {
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
