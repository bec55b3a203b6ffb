#include "wire/frames/route_message.hpp"

#include <algorithm>

namespace rap::wire {
namespace {

constexpr std::string_view kOriginContext = "rap route origin v1";

void write_origin(ByteWriter& w, const RouteOrigin& origin) {
  w.u64(origin.number.epoch);
  w.u32(origin.number.seqno);
  w.raw(origin.signature);
}

RouteOrigin read_origin(ByteReader& r) {
  RouteOrigin origin;
  origin.number.epoch = r.u64();
  origin.number.seqno = r.u32();
  std::ranges::copy(r.raw(kOriginSignature), origin.signature.begin());
  return origin;
}

void write_update(ByteWriter& w, const RouteUpdate& update) {
  unsigned groups = 0;
  for (std::size_t g = 0; g < kClassGroups; ++g) groups |= update.metrics[g] ? 1U << g : 0U;
  w.raw(update.destination.bytes());
  write_origin(w, update.origin);
  w.u8(static_cast<std::uint8_t>(groups));
  w.u8(update.hops);
  for (const auto& metric : update.metrics) w.u32(metric.value_or(0));
  w.u64(update.policy_version);
}

// Metrics and hops agree: the destination itself is no way off, everybody else is.
bool is_coherent(const RouteUpdate& update) {
  if (update.destination.is_nil() || update.hops > kMaxRouteHops) return false;
  if (!update.reaches())
    return update.origin == RouteOrigin{} && update.hops == 0 && update.policy_version == 0;
  if (update.origin.number.seqno == 0) return false;
  return std::ranges::all_of(update.metrics, [&](const auto& metric) {
    return !metric || *metric == kUnreachable || (*metric == 0) == (update.hops == 0);
  });
}

std::optional<RouteUpdate> read_update(ByteReader& r) {
  RouteUpdate update;
  update.destination = read_id<NodeId>(r);
  update.origin = read_origin(r);
  const unsigned groups = r.u8();
  update.hops = r.u8();
  if (groups == 0 || groups >= 1U << kClassGroups) return std::nullopt;
  for (std::size_t g = 0; g < kClassGroups; ++g) {
    const RouteMetric metric = r.u32();
    const bool named = (groups >> g & 1U) != 0;
    if (!named && metric != 0) return std::nullopt;
    if (named) update.metrics[g] = metric;
  }
  update.policy_version = r.u64();
  if (r.failed() || !is_coherent(update)) return std::nullopt;
  return update;
}

std::optional<SeqnoRequest> read_request(ByteReader& r) {
  SeqnoRequest request;
  request.destination = read_id<NodeId>(r);
  request.known = read_origin(r);
  request.hop_limit = r.u8();
  if (r.failed() || request.destination.is_nil() || request.known.number.seqno == 0 ||
      request.hop_limit == 0 || request.hop_limit > kMaxRouteHops)
    return std::nullopt;
  return request;
}

}  // namespace

Bytes origin_statement(const ClusterId& cluster, const NodeId& destination, OriginNumber number) {
  Bytes out = to_bytes(kOriginContext);
  ByteWriter w(out);
  w.raw(cluster.bytes());
  w.raw(destination.bytes());
  w.u32(number.seqno);
  w.u64(number.epoch);
  return out;
}

bool RouteUpdate::reaches() const {
  return std::ranges::any_of(metrics, [](const auto& m) { return m && *m != kUnreachable; });
}

Bytes RouteMessage::encode() const {
  Bytes out;
  out.reserve(kHeader + updates.size() * RouteUpdate::kBytes +
              requests.size() * SeqnoRequest::kBytes);
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(updates.size()));
  w.u8(static_cast<std::uint8_t>(requests.size()));
  for (const RouteUpdate& update : updates) write_update(w, update);
  for (const SeqnoRequest& request : requests) {
    w.raw(request.destination.bytes());
    write_origin(w, request.known);
    w.u8(request.hop_limit);
  }
  return out;
}

std::optional<RouteMessage> RouteMessage::decode(ByteView payload) {
  ByteReader r(payload);
  const std::size_t updates = r.u8();
  const std::size_t requests = r.u8();
  if (updates > kMaxUpdates || requests > kMaxRequests || updates + requests == 0)
    return std::nullopt;
  // The size is known before anything is kept.
  if (payload.size() != kHeader + updates * RouteUpdate::kBytes + requests * SeqnoRequest::kBytes)
    return std::nullopt;
  RouteMessage message;
  message.updates.reserve(updates);
  message.requests.reserve(requests);
  for (std::size_t i = 0; i < updates; ++i) {
    auto update = read_update(r);
    if (!update) return std::nullopt;
    message.updates.push_back(*update);
  }
  for (std::size_t i = 0; i < requests; ++i) {
    auto request = read_request(r);
    if (!request) return std::nullopt;
    message.requests.push_back(*request);
  }
  return message;
}

}  // namespace rap::wire
