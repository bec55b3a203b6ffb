#include "observations.hpp"

#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

namespace rap::fabric {

using nlohmann::json;

namespace {

json channel_of(router::Router& router, const Lane& lane, MonoTime now) {
  const channel::Lifecycle& c = lane.lifecycle();
  json classes = json::array();
  for (std::size_t i = 0; i < wire::kTrafficClassCount; ++i) {
    const auto k = static_cast<wire::TrafficClass>(i);
    if (c.classes().contains(k)) classes.push_back(wire::to_string(k));
  }
  using std::chrono::duration_cast;
  const auto age = c.established_at() ? now - *c.established_at() : Duration::zero();
  const router::Link* link = lane.link() ? router.board().find(*lane.link()) : nullptr;
  return {{"id", c.id().str()},
          {"peer", c.peer() ? c.peer()->str() : ""},
          {"direction", lane.dialled() ? "dial" : "accept"},
          {"state", channel::to_string(c.state())},
          {"classes", std::move(classes)},
          {"age_s", duration_cast<std::chrono::seconds>(age).count()},
          {"rtt_us", duration_cast<std::chrono::microseconds>(c.rtt()).count()},
          {"bytes_in", link != nullptr ? link->bytes_in : 0},
          {"bytes_out", link != nullptr ? link->bytes_out : 0},
          {"flows", link != nullptr ? link->flows.size() : 0},
          {"last_reason", channel::to_string(c.reason())}};
}

struct Traffic {
  std::uint64_t flows = 0;
  std::uint64_t up = 0;
  std::uint64_t down = 0;
};

}  // namespace

std::string observe(router::Router& router, const std::vector<const Lane*>& lanes,
                    std::uint64_t config_version, MonoTime now) {
  json channels = json::array();
  for (const Lane* lane : lanes) channels.push_back(channel_of(router, *lane, now));

  std::map<SessionId, Traffic> sessions;
  const auto add = [&](std::uint32_t, const auto& flow) {
    Traffic& t = sessions[flow.session];
    ++t.flows;
    t.up += flow.bytes_up;
    t.down += flow.bytes_down;
  };
  router.entry().flows().for_each(add);
  router.egress().flows().for_each(add);
  json session_list = json::array();
  for (const auto& [id, t] : sessions) {
    session_list.push_back(
        {{"session_id", id.str()}, {"flows", t.flows}, {"bytes_up", t.up}, {"bytes_down", t.down}});
  }
  json refusals = json::object();
  const auto& counts = router.board().refusals();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) refusals[std::string(wire::kFlowReasonNames[i])] = counts[i];
  }
  return json{{"type", "observations"},
              {"config_version", config_version},
              {"pid", ::getpid()},
              {"channels", std::move(channels)},
              {"sessions", std::move(session_list)},
              {"refusals", std::move(refusals)}}
      .dump();
}

}  // namespace rap::fabric
