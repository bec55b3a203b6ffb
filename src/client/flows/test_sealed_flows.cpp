#include "client/flows/test_sealed_flows.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace rap::client {

using wire::FlowReason;
using wire::FrameType;
using wire::TrafficClass;

namespace {

constexpr std::string_view kGrant = "a grant";
constexpr std::size_t kExporter = 32;

std::vector<Bytes> frames_of(flow::SendQueue& queue) {
  std::vector<Bytes> out;
  while (!queue.empty()) {
    Bytes run = to_bytes(queue.peek());
    queue.consume(run.size());
    for (MutableBytes rest(run); !rest.empty();) {
      const auto frame = wire::next_frame(rest);
      out.push_back(to_bytes((*frame)->whole));
      rest = rest.subspan((*frame)->whole.size());
    }
  }
  return out;
}

}  // namespace

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + (i * 31 + i / 4096) % 26);
  return out;
}

FlowsWorld::FlowsWorld(std::size_t entries_wanted, std::size_t egresses_wanted, std::size_t tails)
    : flows(*this, keys, rng, tails),
      rights_{UserId::random(rng), SessionId::random(rng), OrganizationId::random(rng),
              ResourceId::random(rng), EgressPoolId::random(rng)} {
  for (std::size_t i = 0; i < entries_wanted; ++i) {
    auto entry = std::make_unique<EntryDouble>();
    entry->candidate.url =
        *wire::parse_url("wss://entry" + std::to_string(i) + ".example/", "wss", 443);
    entry->candidate.worker = NodeId::random(rng);
    entries.push_back(std::move(entry));
  }
  for (std::size_t i = 0; i < egresses_wanted; ++i) {
    egresses.push_back(std::make_unique<EgressDouble>(rng));
  }
}

Attachment FlowsWorld::attachment() {
  Attachment out;
  for (const auto& entry : entries) {
    out.candidates.push_back(entry->candidate);
    out.candidates.back().token = "token " + std::to_string(tokens_++);
  }
  auto terms = std::make_shared<SealingTerms>();
  terms->grant = kGrant;
  terms->hold = hold;
  for (const auto& egress : egresses) {
    terms->egresses.push_back({egress->node, egress->key.public_key});
  }
  out.resume = std::move(terms);
  return out;
}

crypto::ResumeGrant FlowsWorld::grant() const {
  crypto::ResumeGrant out;
  out.user = rights_.user;
  out.session = rights_.session;
  out.organization = rights_.organization;
  out.resource = rights_.resource;
  out.egress_pool = rights_.egress_pool;
  out.classes = {TrafficClass::input};
  out.flow_key = keys.flow.public_key;
  std::ranges::copy(keys.proof.public_key().raw(), out.proof_key.begin());
  return out;
}

void FlowsWorld::dial(LinkNumber link, const Candidate& entry) {
  const auto at = std::ranges::find_if(
      entries, [&](const auto& one) { return one->candidate.url == entry.url; });
  ASSERT_NE(at, entries.end());
  ++(*at)->dialled;
  auto connection = std::make_unique<Connection>();
  connection->entry = at->get();
  connection->exporter = rng.bytes(kExporter);
  connections_.emplace(link, std::move(connection));
  dialled_.push_back(link);
}

void FlowsWorld::connect() {
  for (const LinkNumber link : std::exchange(dialled_, {})) {
    const auto at = connections_.find(link);
    if (at == connections_.end()) continue;
    switch (at->second->entry->way) {
      case EntryDouble::Way::up: flows.link_up(now, link, at->second->exporter); break;
      case EntryDouble::Way::silent: break;
      case EntryDouble::Way::down:
        connections_.erase(at);
        flows.link_lost(now, link, wire::FallbackCause::unreachable, "connection refused");
        break;
    }
  }
}

void FlowsWorld::carry() {
  for (bool more = true; more;) {
    connect();
    more = false;
    std::vector<LinkNumber> all;
    for (const auto& [link, connection] : connections_) all.push_back(link);
    for (const LinkNumber link : all) {
      Connection& connection = *connections_.at(link);
      if (connection.entry->way != EntryDouble::Way::up) continue;
      more = carry_up(link, connection) || more;
      more = carry_down(link, connection) || more;
    }
    more = more || !dialled_.empty();
  }
}

bool FlowsWorld::carry_up(LinkNumber link, Connection& connection) {
  auto waiting = frames_of(flows.output(link));
  for (Bytes& bytes : waiting) {
    const auto frame = **wire::next_frame(bytes);
    if (!drops || !drops(frame)) from_client(connection, frame);
  }
  if (!waiting.empty()) flows.drained(now, link);
  for (const auto& [label, path] : connection.paths) {
    TargetDouble& to = *path.egress->targets.at(path.flow);
    if (!to.takes || to.untaken == 0) continue;
    path.egress->flows.with(now, path.flow, [&](flow::SealedEnd& end) {
      end.consumed(now, std::exchange(to.untaken, 0));
    });
  }
  carried += waiting.size();
  return !waiting.empty();
}

bool FlowsWorld::carry_down(LinkNumber link, Connection& connection) {
  auto waiting = frames_of(connection.down);
  for (Bytes& bytes : waiting) {
    const auto frame = **wire::next_frame(bytes);
    const auto type = frame.header.type;
    if (type == FrameType::flow_close || type == FrameType::reset) {
      connection.paths.erase(frame.header.label);
    }
    const auto heard = flows.receive(now, link, bytes);
    EXPECT_TRUE(heard) << heard.error();
  }
  for (const auto& [label, path] : connection.paths) {
    path.egress->flows.with(now, path.flow, [&](flow::SealedEnd& end) { end.drained(now); });
  }
  return !waiting.empty();
}

void FlowsWorld::refuse(Connection& connection, std::uint32_t label, FlowReason reason) {
  const auto payload = wire::encode_reason(reason);
  connection.down.append({FrameType::flow_refuse, TrafficClass::input, payload.size(), label},
                         payload);
}

void FlowsWorld::from_client(Connection& connection, const wire::FrameView& frame) {
  EntryDouble& entry = *connection.entry;
  const std::uint32_t label = frame.header.label;
  const FrameType type = frame.header.type;
  if (type == FrameType::flow_request || type == FrameType::flow_resume) {
    ++entry.questions;
    if (!entry.answers) return;
    if (entry.refuses) return refuse(connection, label, *entry.refuses);
    if (connection.paths.size() >= entry.most_flows) {
      return refuse(connection, label, FlowReason::limit_reached);
    }
  }
  if (type == FrameType::flow_request) {
    const auto request = wire::FlowRequest::decode(frame.payload);
    return ask_egress(connection, label, request->egress, request->first_message);
  }
  if (type == FrameType::flow_resume) {
    const auto resume = wire::FlowResume::decode(frame.payload);
    EXPECT_TRUE(crypto::verify_resume_proof(
        grant(),
        {resume->grant, entry.candidate.worker, connection.exporter, resume->first_message},
        resume->proof));
    return ask_egress(connection, label, resume->egress, resume->first_message);
  }
  const auto at = connection.paths.find(label);
  if (at == connection.paths.end()) return;
  const Path path = at->second;
  if (type == FrameType::reset || type == FrameType::flow_close) connection.paths.erase(at);
  path.egress->flows.with(now, path.flow, [&](flow::SealedEnd& end) {
    end.receive(now, path.number, type, frame.payload);
  });
}

void FlowsWorld::ask_egress(Connection& connection, std::uint32_t label, NodeId node,
                            ByteView first) {
  EgressDouble& egress =
      **std::ranges::find_if(egresses, [&](const auto& one) { return one->node == node; });
  auto arrival = egress.flows.read(first);
  ASSERT_TRUE(arrival);
  EXPECT_EQ(arrival->client, keys.flow.public_key);
  if (egress.refuses) return refuse(connection, label, *egress.refuses);
  const flow::FlowPath path{next_path_++, label, &connection.down};
  Bytes answer;
  wire::FlowId id;
  if (arrival->resumes) {
    EXPECT_EQ(arrival->credential, kGrant);
    connection.entry->attempts.push_back(arrival->attempt);
    id = *arrival->resumes;
    auto resumed = egress.flows.resume(now, std::move(*arrival), path, grant());
    if (!resumed) return refuse(connection, label, resumed.error());
    answer = std::move(*resumed);
  } else {
    EXPECT_TRUE(arrival->credential.starts_with("token "));
    auto target = std::make_unique<TargetDouble>();
    auto made = egress.flows.open(now, std::move(*arrival), path, rights_, *target);
    id = made.flow;
    egress.targets.emplace(id, std::move(target));
    opened.emplace_back(&egress, id);
    answer = std::move(made.answer);
  }
  connection.paths[label] = {&egress, id, path.number};
  connection.down.append({FrameType::flow_accept, TrafficClass::input,
                          static_cast<std::uint16_t>(answer.size()), label},
                         answer);
}

TargetDouble& FlowsWorld::target(std::size_t n) {
  return *opened[n].first->targets.at(opened[n].second);
}

void FlowsWorld::target_says(std::size_t n, std::string_view text) {
  opened[n].first->flows.with(now, opened[n].second,
                              [&](flow::SealedEnd& end) { end.take(now, as_bytes(text)); });
}

void FlowsWorld::run(Duration time, Duration step) {
  for (const MonoTime until = now + time; now < until;) {
    now += step;
    flows.tick(now);
    for (const auto& egress : egresses) egress->flows.tick(now);
    carry();
  }
}

void FlowsWorld::cut(std::size_t entry) {
  std::vector<LinkNumber> gone;
  for (const auto& [link, connection] : connections_) {
    if (connection->entry == entries[entry].get()) gone.push_back(link);
  }
  for (const LinkNumber link : gone) {
    const auto connection = std::move(connections_.extract(link).mapped());
    for (const auto& [label, path] : connection->paths) {
      path.egress->flows.with(
          now, path.flow, [&, n = path.number](flow::SealedEnd& end) { end.path_lost(now, n); });
    }
    flows.link_lost(now, link, wire::FallbackCause::unreachable, "connection lost");
  }
}

std::size_t FlowsWorld::carried_by(std::size_t entry) const {
  std::size_t paths = 0;
  for (const auto& [link, connection] : connections_) {
    if (connection->entry == entries[entry].get()) paths += connection->paths.size();
  }
  return paths;
}

}  // namespace rap::client
