// Who gets a flow that the client seals, who goes on with one, and what ends it.
#include "node/router/sealed_world.hpp"

namespace rap::router {
namespace {

class SealedAdmission : public SealedTest {
 protected:
  // A flow that has lost its path, and a new connection.
  FlowAtClient& held() {
    ClientLine& line = dial();
    FlowAtClient& flow = open(line);
    cut(line);
    return flow;
  }
  FlowReason refused(const std::string& token, NodeId at) {
    ClientLine& line = dial();
    FlowAtClient& flow = new_flow();
    const Bytes first = first_message(flow, token);
    ask(line, flow, FrameType::sealed_request, wire::SealedFlowRequest{at, token, first}.encode());
    run();
    EXPECT_TRUE(flow.refused);
    EXPECT_TRUE(egress.targets.all.empty());
    expect_no_flow_anywhere();
    return flow.refused.value_or(FlowReason::protocol_error);
  }
  FlowReason refused(const std::string& token) { return refused(token, egress_id); }
  // What the client of a held flow hears that resumes as it should, but for `resume`.
  template <class Change>
  std::optional<FlowReason> resumed(ClientLine& line, FlowAtClient& flow, Change change) {
    ++flow.attempts;
    const Bytes first = first_message(flow, flow.grant, flow.id);
    wire::FlowResume resume = resume_of(line, flow, first);
    change(resume);
    ask(line, flow, FrameType::flow_resume, resume.encode());
    run();
    return flow.refused;
  }
  std::uint64_t noted(WorldNode& node, wire::SecurityEventKind kind) {
    return node.router.ledger().counts()[static_cast<std::size_t>(kind)];
  }
};

TEST_F(SealedAdmission, ATokenThatNamesAKeyOpensASealedFlowAndNoOther) {
  request(1, sign(keyed_token()));
  expect_refused(1, FlowReason::token_invalid);
  EXPECT_EQ(refused(sign(token())), FlowReason::token_invalid);
}

TEST_F(SealedAdmission, TheEgressTakesNoTokenOfAKeyFromAnEntryThatSeals) {
  WorldNode sealing{rng, kWall - 100s};
  crypto::SealInitiator seal(seal_key.public_key, rng);
  const std::string t = sign(keyed_token());
  Bytes wanted = {static_cast<std::uint8_t>(TrafficClass::input)};
  wanted.insert(wanted.end(), t.begin(), t.end());
  const Bytes sealed = seal.first_message(wanted);
  Bytes frame = frame_of(FrameType::flow_open, 2, wire::FlowOpen{egress_id, 4, sealed}.encode());
  egress.router.on_frame(hops[1].on_a, **wire::next_frame(frame), now, wall);
  EXPECT_EQ(egress.router.board().refusals()[static_cast<std::size_t>(FlowReason::token_invalid)],
            1U);
  EXPECT_TRUE(egress.targets.all.empty());
}

TEST_F(SealedAdmission, EveryKindOfWrongTokenIsRefused) {
  auto t = keyed_token();
  t.entry = second_id;
  EXPECT_EQ(refused(sign(t)), FlowReason::wrong_entry);
  t = keyed_token();
  t.egress_pool = EgressPoolId::random(rng);
  EXPECT_EQ(refused(sign(t)), FlowReason::no_route);
  t = keyed_token();
  t.resource = ResourceId::random(rng);
  EXPECT_EQ(refused(sign(t)), FlowReason::wrong_resource);
  t = keyed_token();
  t.classes = {TrafficClass::file_transfer};
  EXPECT_EQ(refused(sign(t)), FlowReason::channel_class_denied);
  EXPECT_EQ(refused("not.a.token"), FlowReason::token_invalid);
  EXPECT_EQ(refused(sign(keyed_token()), relay_id), FlowReason::wrong_resource)
      << "the egress that a client chooses is one of the pool";
}

TEST_F(SealedAdmission, ATokenIsAdmittedOnce) {
  ClientLine& line = dial();
  const std::string t = sign(keyed_token());
  FlowAtClient& flow = new_flow();
  open(line, flow, t);
  EXPECT_TRUE(flow.accepted);
  FlowAtClient& again = new_flow();
  open(line, again, t);
  EXPECT_EQ(again.refused, FlowReason::token_replayed);
}

TEST_F(SealedAdmission, AnEntryCannotUseATokenThatItSaw) {
  // It has the token, and not the key that the token names.
  ClientLine& line = dial();
  FlowAtClient& flow = new_flow();
  const std::string t = sign(keyed_token());
  flow_key = crypto::X25519KeyPair::generate(rng);
  const Bytes first = first_message(flow, t);
  ask(line, flow, FrameType::sealed_request, wire::SealedFlowRequest{egress_id, t, first}.encode());
  run();
  EXPECT_EQ(flow.refused, FlowReason::token_invalid);
  EXPECT_TRUE(egress.targets.all.empty());
  EXPECT_EQ(noted(egress, wire::SecurityEventKind::token_forged), 1U);
}

TEST_F(SealedAdmission, AStolenGrantIsWorthNothingWithoutItsKeys) {
  FlowAtClient& flow = held();
  ClientLine& line = dial(second, second_id);
  proof_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_EQ(resumed(line, flow, [](auto&) {}), FlowReason::proof_invalid);
  EXPECT_EQ(noted(second, wire::SecurityEventKind::token_misused), 1U);
  EXPECT_EQ(egress.router.resumable().held().held(), 1U) << "the flow still waits for its client";
}

TEST_F(SealedAdmission, AnEntryThatStoleAGrantGetsNothingFromTheEgress) {
  FlowAtClient& flow = held();
  // It vouches for itself, and has no key for the handshake.
  flow_key = crypto::X25519KeyPair::generate(rng);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::unknown_flow);
  EXPECT_EQ(egress.router.resumable().held().held(), 1U);
}

TEST_F(SealedAdmission, WhatWasProvenForAnotherConnectionProvesNothing) {
  FlowAtClient& flow = held();
  ClientLine& line = dial(second, second_id);
  ClientLine& other = dial(second, second_id);
  const auto of_other = [&](wire::FlowResume& resume) {
    const auto proven = resume_of(other, flow, resume.first_message);
    resume.proof = proven.proof;
  };
  EXPECT_EQ(resumed(line, flow, of_other), FlowReason::proof_invalid);
  const LinkId plain = *second.router.client_up();
  second.router.board().find(line.link)->exporter.clear();
  EXPECT_EQ(resumed(line, flow, [](auto&) {}), FlowReason::proof_invalid)
      << "a connection that TLS exports nothing of";
  EXPECT_NE(plain, line.link);
}

TEST_F(SealedAdmission, WhatWasProvenForAnotherEntryOrMessageProvesNothing) {
  FlowAtClient& flow = held();
  ClientLine& line = dial(second, second_id);
  line.entry_id = entry_id;
  EXPECT_EQ(resumed(line, flow, [](auto&) {}), FlowReason::proof_invalid);
  line.entry_id = second_id;
  const Bytes other(200, 7);
  EXPECT_EQ(resumed(line, flow, [&](wire::FlowResume& resume) { resume.first_message = other; }),
            FlowReason::proof_invalid);
}

TEST_F(SealedAdmission, AGrantOfAnotherResourceGoesOnWithNoneOfThisOne) {
  FlowAtClient& flow = held();
  auto other = resource;
  other.id = ResourceId::random(rng);
  egress.config.resources.push_back(other);
  egress.router.configure(egress.config);
  auto g = grant();
  g.resource = other.id;
  flow.grant = sign(g);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::unknown_flow);
  EXPECT_EQ(egress.router.resumable().held().held(), 1U);
}

TEST_F(SealedAdmission, AGrantIsJudgedAsATokenIs) {
  FlowAtClient& flow = held();
  const auto said = [&](const crypto::ResumeGrant& g) {
    flow.grant = sign(g);
    return resumed(dial(second, second_id), flow, [](auto&) {});
  };
  auto g = grant();
  g.session_began = g.issued_at = wall - 7200s;
  g.expires_at = wall - 60s;
  EXPECT_EQ(said(g), FlowReason::token_expired);
  g = grant();
  g.cluster = ClusterId::random(rng);
  EXPECT_EQ(said(g), FlowReason::wrong_cluster);
  g = grant();
  g.classes = {TrafficClass::file_transfer};
  EXPECT_EQ(said(g), FlowReason::channel_class_denied);
  g = grant();
  g.egress_pool = EgressPoolId::random(rng);
  EXPECT_EQ(said(g), FlowReason::no_route);
  flow.grant = sign_grant(grant(), crypto::PrivateKey::generate(crypto::KeyType::ed25519), "k1");
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::token_invalid);
  flow.grant = sign(grant());
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), std::nullopt);
  EXPECT_TRUE(flow.accepted);
}

TEST_F(SealedAdmission, AFirstMessageThatIsPlayedAgainMovesNothing) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  ClientLine& next = dial(second, second_id);
  ++flow.attempts;
  const Bytes first = first_message(flow, flow.grant, flow.id);
  ask(next, flow, FrameType::flow_resume, resume_of(next, flow, first).encode());
  run();
  say(flow, "one ");
  // Whoever has the entry sends it once more, from there.
  const wire::AttachedMessage judged{true, crypto::sha256(as_bytes(flow.grant)), first};
  Bytes again = frame_of(FrameType::flow_attach, 1000,
                         wire::FlowOpen{egress_id, 4, judged.encode()}.encode());
  egress.router.on_frame(hops[1].on_a, **wire::next_frame(again), now, wall);
  EXPECT_EQ(egress.router.board().refusals()[static_cast<std::size_t>(FlowReason::superseded)], 1U);
  say(flow, "two");
  EXPECT_EQ(target().received, "one two");
}

TEST_F(SealedAdmission, WhatTheEntryJudgedIsWhatTheEgressIsShown) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  ++flow.attempts;
  const Bytes first = first_message(flow, flow.grant, flow.id);
  const auto attach = [&](bool resumes, std::string_view judged, std::uint32_t label) {
    const wire::AttachedMessage message{resumes, crypto::sha256(as_bytes(judged)), first};
    Bytes frame = frame_of(FrameType::flow_attach, label,
                           wire::FlowOpen{egress_id, 4, message.encode()}.encode());
    egress.router.on_frame(hops[1].on_a, **wire::next_frame(frame), now, wall);
  };
  attach(true, sign(grant()), 1000);  // another grant than the client sealed
  attach(false, flow.grant, 1002);
  EXPECT_EQ(egress.router.board().refusals()[static_cast<std::size_t>(FlowReason::token_invalid)],
            2U);
}

TEST_F(SealedAdmission, SignOutEndsTheFlowAtOnceWithAPathAndWithout) {
  ClientLine& line = dial();
  FlowAtClient& live = open(line);
  FlowAtClient& flow = held();
  snapshot::SecurityChanges out;
  out.epochs = {{user, 1}};
  egress.router.change_security(out, wall);
  run();
  EXPECT_EQ(live.why, FlowReason::signed_out) << "as the egress itself says, sealed";
  for (const auto& [id, target] : egress.targets.all) EXPECT_TRUE(target->closed);
  EXPECT_EQ(egress.router.resumable().held().size(), 0U);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::signed_out);
  second.router.change_security(out, wall);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::signed_out)
      << "by the entry, too";
}

TEST_F(SealedAdmission, AnEntryAloneEndsThePathsOfThoseWhoAreSignedOut) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  snapshot::SecurityChanges out;
  out.epochs = {{user, 1}};
  entry.router.change_security(out, wall);
  run();
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::signed_out);
  EXPECT_FALSE(flow.ended) << "a client believes no node between";
  EXPECT_EQ(entry.router.sealed_entry().flows().size(), 0U);
  EXPECT_EQ(egress.router.resumable().held().held(), 1U);
}

TEST_F(SealedAdmission, ABlockedPersonsFlowsEnd) {
  FlowAtClient& flow = open(dial());
  snapshot::SecurityChanges blocked;
  auto& change = blocked.blocklist.emplace_back();
  change.kind = policy::BlocklistKind::user;
  change.value = user.str();
  change.listed = true;
  egress.router.change_security(blocked, wall);
  run();
  EXPECT_EQ(flow.why, FlowReason::blocklisted);
  EXPECT_TRUE(target().closed);
}

TEST_F(SealedAdmission, TheEndOfASessionEndsItsFlows) {
  FlowAtClient& flow = open(dial());
  FlowAtClient& away = held();
  egress.router.end_session(session, wall);
  run();
  EXPECT_EQ(flow.why, FlowReason::session_ended);
  EXPECT_EQ(egress.router.resumable().held().size(), 0U);
  EXPECT_EQ(resumed(dial(second, second_id), away, [](auto&) {}), FlowReason::session_ended);
}

TEST_F(SealedAdmission, ASessionThatLastedAsLongAsItMayEndsAtEntryAndEgress) {
  snapshot::AppPolicy policy;
  policy.max_session = 60s;
  FlowAtClient& flow = open(dial());
  egress.router.set_policies({{resource.organization, policy}});
  wall += 60s;
  egress.router.tick(now, wall);
  run();
  EXPECT_EQ(flow.why, FlowReason::session_ended);
  wall -= 60s;
  FlowAtClient& other = open(dial());
  entry.router.set_policies({{resource.organization, policy}});
  wall += 60s;
  entry.router.tick(now, wall);
  run();
  EXPECT_EQ(other.over.at(other.number), FlowReason::session_ended);
}

TEST_F(SealedAdmission, APolicyThatChangesWhileAFlowIsHeldEndsIt) {
  FlowAtClient& flow = held();
  snapshot::AppPolicy policy;
  policy.protocols = std::vector{policy::Protocol::tcp};
  egress.router.set_policies({{resource.organization, policy}});
  EXPECT_TRUE(target().closed);
  EXPECT_EQ(egress.router.resumable().held().size(), 0U);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::wrong_resource);
}

TEST_F(SealedAdmission, AResourceThatIsGoneTakesItsFlowsWithIt) {
  FlowAtClient& flow = open(dial());
  egress.config.resources[0].port = 2222;
  egress.router.configure(egress.config);
  run();
  EXPECT_EQ(flow.why, FlowReason::wrong_resource);
  EXPECT_TRUE(target().closed);
}

TEST_F(SealedAdmission, NodesSayNoRequestsOfClientsAndClientsNoneOfNodes) {
  const auto says = [&](WorldNode& node, LinkId link, FrameType type) {
    Bytes frame = frame_of(type, 2, Bytes(200));
    return node.router.on_frame(link, **wire::next_frame(frame), now, wall);
  };
  EXPECT_FALSE(says(relay, hops[0].on_b, FrameType::sealed_request));
  EXPECT_FALSE(says(relay, hops[0].on_b, FrameType::flow_resume));
  EXPECT_FALSE(says(entry, client, FrameType::flow_attach));
}

}  // namespace
}  // namespace rap::router
