#include "control/nodes/notices/notice.hpp"

#include <algorithm>

#include "base/time_text.hpp"
#include "control/http/json_reply.hpp"
#include "control/nodes/notices/incarnations.hpp"
#include "control/nodes/notices/written_time.hpp"
#include "control/nodes/public_certificate.hpp"
#include "snapshot/history.hpp"
#include "wire/agent/observations.hpp"
#include "wire/url.hpp"

namespace rap::control {
namespace {

constexpr std::int64_t kMaxNoticeBytes = 1024;
constexpr std::chrono::seconds kMostSkew = std::chrono::years{1000};

std::string text_member(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::string what_to_do(wire::ListenerFault fault, const wire::HostPort& at) {
  using enum wire::ListenerFault;
  switch (fault) {
    case address_missing:
      return "the host does not have that address. Give it the address, or start the node with "
             "another one.";
    case port_taken:
      return "another program has that port. 'ss -ltnp sport = :" + std::to_string(at.port) +
             "' on that host names it; stop it, or start the node with another port.";
    case not_permitted:
      return "it may not open a port below 1024. Its unit needs CAP_NET_BIND_SERVICE, or the node "
             "another port.";
    case failed: break;
  }
  return "the log of its rap-fabric says why (listener.failed).";
}

// Nothing of what the node says reaches a terminal as it came: names are known ones, the address is
// written anew.
std::string of_listener(const Json& said) {
  const auto fault =
      value_in<wire::ListenerFault>(wire::kListenerFaultNames, text_member(said, "fault"));
  const auto at = wire::parse_host_port(text_member(said, "address"));
  if (!fault || !at) return "It cannot open a listener; the log of its rap-fabric says which.";
  const std::string name = text_member(said, "listener");
  const std::string whose = name == "fabric"       ? "for other nodes "
                            : name == "data_plane" ? "for people "
                            : name == "metrics"    ? "for metrics "
                                                   : "";
  return "It cannot listen " + whose + "at " + at->str() + ": " + what_to_do(*fault, *at) +
         " It tries again every second.";
}

std::optional<Notice> listener_notice(const Node& node) {
  const Json observations = parse_stored(node.observations);
  const auto failed = observations.find("failed_listeners");
  if (failed == observations.end() || !failed->is_array() || failed->empty()) return std::nullopt;
  std::string text = of_listener(failed->front());
  if (failed->size() > 1) {
    text += " So it is with " + std::to_string(failed->size() - 1) + " more of its listeners.";
  }
  return Notice{NoticeCode::listener_failed, std::move(text)};
}

// An agent starts with the addresses only that it was enrolled with; so where they differ the
// database lost the change. The control plane does not take up what a node says: an administrator
// decides on addresses, which are in certificates.
std::optional<Notice> address_notice(const Node& node) {
  const Json metadata = parse_stored(node.metadata);
  const auto said = metadata.find("advertised");
  if (said == metadata.end()) return std::nullopt;
  const auto differs = [&](const char* name, const std::string& known) {
    auto at = wire::parse_host_port(text_member(*said, name));
    return at && at->str() != known ? at : std::nullopt;
  };
  const auto fabric = differs("fabric", node.fabric_advertise);
  const auto people = differs("data_plane", node.data_plane_advertise);
  if (!fabric && !people) return std::nullopt;
  std::string text =
      fabric
          ? "Nodes reach it at " + fabric->str() + ", and are told " + node.fabric_advertise
          : "People reach it at " + people->str() + ", and are told " + node.data_plane_advertise;
  if (fabric && people) text += "; its address for people differs too";
  text +=
      ". What is open goes on; nothing new reaches it. The database went back to before it "
      "moved: run 'rap admin nodes readmit " +
      node.name +
      "', start its agent with the token that prints (--join-token-file), and run 'rap admin "
      "enrolments approve " +
      node.name + "'.";
  return Notice{NoticeCode::address_differs, std::move(text)};
}

std::optional<Notice> disk_notice(const Node& node) {
  const std::string fault = text_member(parse_stored(node.metrics), "disk");
  if (fault.empty()) return std::nullopt;
  const std::string_view what =
      fault == "full" ? "is full. Make room there"
      : fault == "read_only"
          ? "is read-only. Look for errors of the disk (dmesg) and mount it writable"
      : fault == "slow"
          ? "takes seconds for a write. Look what else uses that disk, and at its health"
          : "fails. Look for errors of the disk (dmesg), and who owns the directory";
  return Notice{NoticeCode::disk_failing,
                "The disk under its state directory " + std::string(what) +
                    ". It goes on with what it has in memory, and keeps nothing new: not its "
                    "configuration, and no renewed certificate."};
}

// That notice says all there is to do, where a certificate expired.
std::optional<Notice> silence_notice(const Node& node, WallTime now) {
  const bool expired = node.own_certificate && node.own_certificate->until <= now;
  if (expired || node.checked_in_at == WallTime{} || now < node.checked_in_at + kSilentAfter) {
    return std::nullopt;
  }
  return Notice{NoticeCode::silent,
                "It has not been heard of since " + minute_of(node.checked_in_at) +
                    ". Look whether its host and its agent run and what the agent's log says; it "
                    "may be the way to the control plane, too. If it is to stay away, run 'rap "
                    "admin nodes disable " +
                    node.name + "'."};
}

void add_certificate_notices(std::vector<Notice>& out, const Node& node, WallTime now) {
  const bool enters = node.has_role(policy::NodeRole::entry);
  const auto& own = node.own_certificate;
  const auto& worker = enters ? node.worker_certificate : std::nullopt;
  const auto expired = [&](const auto& life) { return life && life->until <= now; };
  const auto unrenewed = [&](const auto& life) {
    return life && !expired(life) &&
           now >= life->until - (life->until - life->from) / kUnrenewedPart;
  };
  const auto shown = enters ? public_certificate_of(node) : std::nullopt;
  if (shown && now >= shown->life.until - (shown->life.until - shown->life.from) / kUnrenewedPart) {
    out.push_back({NoticeCode::certificate_expires_soon,
                   "The public certificate that it shows to people expires on " +
                       date_of(shown->life.until) +
                       ". Renew it, and put it where its agent looks (--data-plane-certificate); "
                       "the agent's log says whether it takes it (public_certificate)."});
  }
  if (unrenewed(own) || unrenewed(worker)) {
    const CertificateLife& life = unrenewed(own) ? *own : *worker;
    out.push_back({NoticeCode::certificate_expires_soon,
                   std::string(unrenewed(own) ? "Its certificate" : "Its certificate for people") +
                       " expires on " + date_of(life.until) +
                       ", and it should have renewed it long ago. If it is not seen any more, "
                       "start it, or see to its way here; if it is, its agent's log says what is "
                       "in the way (renewal, disk)."});
  }
  if (expired(own)) {
    out.push_back({NoticeCode::certificate_expired,
                   "Its certificate expired on " + date_of(own->until) +
                       ", and it cannot call any more. Run 'rap admin nodes readmit " + node.name +
                       "', start its agent with the token that prints (--join-token-file), and "
                       "run 'rap admin enrolments approve " +
                       node.name +
                       "': name, roles and pools stay. If the node is gone for good, run 'rap "
                       "admin nodes revoke " +
                       node.name + "'."});
  } else if (expired(worker)) {
    out.push_back({NoticeCode::certificate_expired,
                   "Its certificate for people expired on " + date_of(worker->until) +
                       ": nobody enters through it. Restart its agent, and look in its log for "
                       "why it gets no other."});
  }
}

}  // namespace

std::optional<std::chrono::seconds> clock_skew_of(const Node& node) {
  const Json metrics = parse_stored(node.metrics);
  const auto said = metrics.find("clock_skew_s");
  if (said == metrics.end() || !said->is_number_integer()) return std::nullopt;
  return std::chrono::seconds{
      std::clamp(said->get<std::int64_t>(), -kMostSkew.count(), kMostSkew.count())};
}

std::vector<Notice> notices_of(const Node& node, WallTime now) {
  std::vector<Notice> out;
  if (node.state != NodeState::approved) return out;
  if (auto notice = silence_notice(node, now)) out.push_back(std::move(*notice));
  if (node.history_began > WallTime{} &&
      node.acked_config_version < snapshot::number_at(node.history_began)) {
    out.push_back({NoticeCode::old_history,
                   "The database went back, and this node has not followed yet. It does with its "
                   "next check-in; if it does not come, look at its agent's log."});
  }
  if (const auto skew = clock_skew_of(node); skew && std::chrono::abs(*skew) >= kClockOff) {
    out.push_back({NoticeCode::clock_off,
                   "Its clock is " + span_text(*skew) + " " +
                       (skew->count() > 0 ? "ahead of" : "behind") +
                       " the control plane's. Set the clock of that host, and keep it by NTP; from "
                       "30 s on, sessions through it fail."});
  }
  const auto copy = incarnations_from(node.incarnations).copy_seen_at;
  if (copy && *copy + kCopySpokenOf >= node.checked_in_at) {
    out.push_back({NoticeCode::copied,
                   "Two agents run with its identity; the one that came later is kept out. Stop "
                   "the copy and enrol its host as a node of its own. If somebody took the keys, "
                   "revoke the node."});
  }
  if (auto notice = listener_notice(node)) out.push_back(std::move(*notice));
  if (auto notice = address_notice(node)) out.push_back(std::move(*notice));
  if (auto notice = disk_notice(node)) out.push_back(std::move(*notice));
  add_certificate_notices(out, node, now);
  return out;
}

std::vector<StateCount> count_notices(const std::vector<Node>& nodes, WallTime now) {
  std::vector<StateCount> out;
  for (const std::string_view name : kNoticeNames) out.push_back({std::string(name), 0});
  for (const Node& node : nodes) {
    for (const Notice& notice : notices_of(node, now)) {
      ++out.at(static_cast<std::size_t>(notice.code)).count;
    }
  }
  return out;
}

Fields notice_fields() {
  using namespace field;
  return {choice("code", kNoticeNames), text("text", kMaxNoticeBytes)};
}

Json to_json(const std::vector<Notice>& notices) {
  Json out = Json::array();
  for (const Notice& notice : notices) {
    out.push_back({{"code", to_string(notice.code)}, {"text", notice.text}});
  }
  return out;
}

}  // namespace rap::control
