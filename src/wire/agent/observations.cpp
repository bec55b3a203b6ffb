#include "wire/agent/observations.hpp"

#include <nlohmann/json.hpp>

namespace rap::wire {
namespace {

using Json = nlohmann::json;
using Counts = std::map<std::string, std::uint64_t>;

// The members of each object, once for both directions: `each` is Writer or Reader.
template <class Each, class Channel>
void channel_members(Each& each, Channel& channel) {
  each("id", channel.id);
  each("peer", channel.peer);
  each("direction", channel.direction);
  each("state", channel.state);
  each("classes", channel.classes);
  each("lanes", channel.lanes);
  each("age_s", channel.age_s);
  each("rtt_us", channel.rtt_us);
  each("jitter_us", channel.jitter_us);
  each("loss_permille", channel.loss_permille);
  each("flows", channel.flows);
  each("bytes_in", channel.bytes_in);
  each("bytes_out", channel.bytes_out);
  each("config_version", channel.config_version);
  each("route_epoch", channel.route_epoch);
  each("revalidate_in_s", channel.revalidate_in_s);
  each("last_reason", channel.last_reason);
}

template <class Each, class Reconnect>
void reconnect_members(Each& each, Reconnect& reconnect) {
  each("peer", reconnect.peer);
  each("attempts", reconnect.attempts);
  each("next_in_ms", reconnect.next_in_ms);
  each("last_reason", reconnect.last_reason);
  each("stopped", reconnect.stopped);
}

template <class Each, class Counters>
void counters_members(Each& each, Counters& counters) {
  each("established", counters.established);
  each("attempts", counters.attempts);
  each("reconnects", counters.reconnects);
  each("handshake_failures", counters.handshake_failures);
  each("authorization_failures", counters.authorization_failures);
  each("revalidations", counters.revalidations);
  each("revalidation_failures", counters.revalidation_failures);
  each("revocations", counters.revocations);
  each("drains", counters.drains);
  each("drains_forced", counters.drains_forced);
  each("replaced", counters.replaced);
  each("bulk_lanes_lost", counters.bulk_lanes_lost);
  each("failover_hints", counters.failover_hints);
  each("ended", counters.ended);
}

template <class Each, class Session>
void session_members(Each& each, Session& session) {
  each("session_id", session.session_id);
  each("flows", session.flows);
  each("bytes_up", session.bytes_up);
  each("bytes_down", session.bytes_down);
}

template <class Each, class Listener>
void listener_members(Each& each, Listener& listener) {
  each("listener", listener.listener);
  each("address", listener.address);
  each("fault", listener.fault);
}

template <class Each, class All>
void members(Each& each, All& all) {
  each("config_version", all.config_version);
  each("pid", all.pid);
  each("entry", all.entry);
  each("channels", all.channels);
  each("reconnects", all.reconnects);
  each("counters", all.counters);
  each("draining", all.draining);
  each("drained", all.drained);
  each("sessions", all.sessions);
  each("clients", all.clients);
  each("refusals", all.refusals);
  each("opened_flows", all.opened_flows);
  each("failed_listeners", all.failed_listeners);
}

template <class Each, class T>
void members_of(Each& each, T& object) {
  using Object = std::remove_const_t<T>;
  if constexpr (std::is_same_v<Object, ObservedChannel>) channel_members(each, object);
  if constexpr (std::is_same_v<Object, ObservedReconnect>) reconnect_members(each, object);
  if constexpr (std::is_same_v<Object, ObservedCounters>) counters_members(each, object);
  if constexpr (std::is_same_v<Object, ObservedSession>) session_members(each, object);
  if constexpr (std::is_same_v<Object, ObservedListener>) listener_members(each, object);
}

class Writer {
 public:
  template <class T>
  void operator()(const char* name, const T& value) {
    out_[name] = of(value);
  }
  Json take() { return std::move(out_); }

 private:
  static Json of(std::int64_t value) { return value; }
  static Json of(std::uint64_t value) { return value; }
  static Json of(bool value) { return value; }
  static Json of(const std::string& value) { return value; }
  static Json of(const Counts& counts) {
    Json out = Json::object();
    for (const auto& [name, count] : counts) out[name] = count;
    return out;
  }
  static Json of(TrafficClassSet classes) {
    Json out = Json::array();
    for (std::uint8_t i = 0; i < kTrafficClassCount; ++i) {
      const auto one = static_cast<TrafficClass>(i);
      if (classes.contains(one)) out.push_back(to_string(one));
    }
    return out;
  }
  static Json of(LaneKind lane) { return to_string(lane); }
  template <class Tag>
  static Json of(const Id<Tag>& id) {
    return id.str();
  }
  static Json of(const std::optional<NodeId>& node) { return node ? node->str() : ""; }
  template <class T>
  static Json of(const std::vector<T>& list) {
    Json out = Json::array();
    for (const T& item : list) out.push_back(of(item));
    return out;
  }
  template <class T>
  static Json of(const T& object) {
    Writer writer;
    members_of(writer, object);
    return writer.take();
  }

  Json out_ = Json::object();
};

class Reader {
 public:
  Reader(JsonReader& in, std::size_t max_items, JsonFault& fault)
      : in_(in), max_items_(max_items), fault_(fault) {}

  void operator()(const char* name, std::int64_t& into) {
    into = in_.integer(name, INT64_MIN, INT64_MAX);
  }
  void operator()(const char* name, std::uint64_t& into) {
    into = static_cast<std::uint64_t>(in_.integer(name, 0, INT64_MAX));
  }
  void operator()(const char* name, bool& into) { into = in_.boolean(name); }
  void operator()(const char* name, std::string& into) {
    into = in_.text(name, kMaxObservedNameBytes);
  }
  void operator()(const char* name, Counts& into) {
    const Json& counts = in_.object(name);
    JsonReader reader(counts, name, fault_);
    for (const auto& [reason, count] : counts.items()) {
      if (reason.size() > kMaxObservedNameBytes) return in_.wrong(name, "has a long name");
      into[reason] = static_cast<std::uint64_t>(reader.integer(reason, 0, INT64_MAX));
    }
  }
  void operator()(const char* name, TrafficClassSet& into) {
    const Json& items = in_.array(name, kTrafficClassCount);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto one = traffic_class_from(in_.item_text(name, i, items[i], kMaxObservedNameBytes));
      if (!one || into.contains(*one)) return in_.wrong(name, "must be different traffic classes");
      into.add(*one);
    }
  }
  void operator()(const char* name, std::vector<LaneKind>& into) {
    const Json& items = in_.array(name, kLaneCount);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string text = in_.item_text(name, i, items[i], kMaxObservedNameBytes);
      const LaneKind lane =
          text == to_string(LaneKind::bulk) ? LaneKind::bulk : LaneKind::interactive;
      if (text != to_string(lane)) return in_.wrong(name, "must be lanes");
      into.push_back(lane);
    }
  }
  template <class Tag>
  void operator()(const char* name, Id<Tag>& into) {
    into = in_.id<Id<Tag>>(name);
  }
  void operator()(const char* name, std::optional<NodeId>& into) {
    const std::string text = in_.text(name, kUuidTextBytes);
    into = NodeId::parse(text);
    if (!text.empty() && !into) in_.wrong(name, "must be a UUID in lower case, or empty");
  }
  template <class T>
  void operator()(const char* name, std::vector<T>& into) {
    const Json& items = in_.array(name, max_items_);
    for (std::size_t i = 0; i < items.size() && !fault_.any(); ++i) {
      read(items[i], in_.item_path(name, i), into.emplace_back());
    }
  }
  void operator()(const char* name, ObservedCounters& into) { read(in_.object(name), name, into); }

 private:
  template <class T>
  void read(const Json& value, const std::string& path, T& into) {
    JsonReader inner(value, path, fault_);
    Reader reader(inner, max_items_, fault_);
    members_of(reader, into);
    inner.finish();
  }

  JsonReader& in_;
  std::size_t max_items_;
  JsonFault& fault_;
};

}  // namespace

Json to_value(const Observations& observations) {
  Writer writer;
  members(writer, observations);
  return writer.take();
}

Observations read_observations(JsonReader& in, std::size_t max_bytes, JsonFault& fault) {
  Observations out;
  Reader reader(in, max_bytes, fault);
  members(reader, out);
  return out;
}

}  // namespace rap::wire
