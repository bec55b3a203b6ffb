#include "client/network/test_egress.hpp"

#include <algorithm>

#include "io/system/system.hpp"

namespace rap::client {

struct TestEgress::Target final : flow::SealedEndEvents {
  explicit Target(TestEgress& e) : egress(e) {}
  void flow_data(ByteView bytes) override {
    egress.got += as_text(bytes);
    if (egress.manner == Manner::greets) {
      unheard += bytes.size();
    } else {
      waiting.insert(waiting.end(), bytes.begin(), bytes.end());
    }
  }
  void flow_finished() override { finished = true; }
  void flow_has_room() override {}
  void path_over(std::uint64_t, wire::FlowReason) override {}
  void flow_ended(wire::FlowEnding ending) override { egress.endings.push_back(ending); }

  TestEgress& egress;
  Bytes waiting;  // to be said
  std::size_t unheard = 0;  // of what is not echoed
  bool finished = false;
  bool done = false;
};

TestEgress::TestEgress(io::EventLoop& loop, const ClientPublicKeys& keys, std::uint64_t seed)
    : keys_(keys),
      rng_(seed),
      rights_{UserId::random(rng_), SessionId::random(rng_), OrganizationId::random(rng_),
              ResourceId::random(rng_), EgressPoolId::random(rng_)},
      timer_(loop) {
  tick();
}

TestEgress::~TestEgress() = default;

void TestEgress::tick() {
  flows_.tick(io::mono_now());
  for (const auto& flush : flushers) flush();
  timer_.after(flow::kAckDelay, [this] { tick(); });
}

crypto::ResumeGrant TestEgress::grant() const {
  crypto::ResumeGrant out;
  out.user = rights_.user;
  out.session = rights_.session;
  out.organization = rights_.organization;
  out.resource = rights_.resource;
  out.egress_pool = rights_.egress_pool;
  out.classes = {wire::TrafficClass::input};
  out.flow_key = keys_.flow;
  out.proof_key = keys_.proof;
  return out;
}

bool TestEgress::is_proven(const wire::FlowResume& resume, NodeId entry, ByteView exporter) const {
  return crypto::verify_resume_proof(grant(), {resume.grant, entry, exporter, resume.first_message},
                                     resume.proof);
}

std::expected<TestEgress::Answer, wire::FlowReason> TestEgress::ask(ByteView first,
                                                                    std::uint32_t label,
                                                                    flow::SendQueue& queue) {
  const MonoTime now = io::mono_now();
  auto arrival = flows_.read(first);
  if (!arrival) return std::unexpected(arrival.error());
  if (refusal) return std::unexpected(*refusal);
  const flow::FlowPath path{.number = next_path_++, .label = label, .queue = &queue};
  if (arrival->resumes) {
    const wire::FlowId flow = *arrival->resumes;
    auto answer = flows_.resume(now, std::move(*arrival), path, grant());
    if (!answer) return std::unexpected(answer.error());
    ++resumed;
    return Answer{{flow, path.number}, std::move(*answer)};
  }
  ++opened;
  auto target = std::make_unique<Target>(*this);
  auto made = flows_.open(now, std::move(*arrival), path, rights_, *target);
  if (manner == Manner::greets) {
    target->waiting = to_bytes(as_bytes(kGreeting));
    target->finished = true;
  }
  targets_.emplace(made.flow, std::move(target));
  return Answer{{made.flow, path.number}, std::move(made.answer)};
}

void TestEgress::receive(const Path& path, wire::FrameType type, MutableBytes payload) {
  const MonoTime now = io::mono_now();
  flows_.with(now, path.flow,
              [&](flow::SealedEnd& end) { end.receive(now, path.number, type, payload); });
  echo(path.flow);
}

void TestEgress::lost(const Path& path) {
  const MonoTime now = io::mono_now();
  flows_.with(now, path.flow, [&](flow::SealedEnd& end) { end.path_lost(now, path.number); });
}

void TestEgress::drained() {
  const MonoTime now = io::mono_now();
  for (const auto& [id, target] : targets_) {
    flows_.with(now, id, [&](flow::SealedEnd& end) { end.drained(now); });
    echo(id);
  }
}

void TestEgress::echo(const wire::FlowId& flow) {
  const MonoTime now = io::mono_now();
  Target& target = *targets_.at(flow);
  flows_.with(now, flow, [&](flow::SealedEnd& end) {
    const std::size_t n = end.take(now, target.waiting);
    target.waiting.erase(target.waiting.begin(),
                         target.waiting.begin() + static_cast<std::ptrdiff_t>(n));
    end.consumed(now, manner == Manner::echo ? n : std::exchange(target.unheard, 0));
  });
  if (!target.finished || !target.waiting.empty() || std::exchange(target.done, true)) return;
  flows_.with(now, flow, [&](flow::SealedEnd& end) { end.finish(now); });
}

void TestEgress::end_flows(wire::FlowReason reason) {
  const MonoTime now = io::mono_now();
  for (const auto& [id, target] : targets_) {
    flows_.with(now, id, [&](flow::SealedEnd& end) { end.end(now, reason); });
  }
}

}  // namespace rap::client
