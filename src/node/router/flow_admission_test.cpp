// Who gets a flow, who goes on with one, and what ends it.
#include "node/router/router_world.hpp"

namespace rap::router {
namespace {

class FlowAdmission : public RouterTest {
 protected:
  // A flow that has lost its path, and a new connection.
  FlowAtClient& held() {
    ClientLine& line = dial();
    FlowAtClient& flow = open(line);
    cut(line);
    return flow;
  }
  FlowReason refused_at(NodeId at) {
    ClientLine& line = dial();
    FlowAtClient& flow = new_flow();
    const std::string t = sign(token());
    const Bytes first = first_message(flow, t);
    ask(line, flow, FrameType::flow_request, wire::FlowRequest{at, t, first}.encode());
    run();
    return flow.refused.value_or(FlowReason::protocol_error);
  }
  // The entry lets the egress have its last words.
  void entry_ends() {
    entry.router.tick(now, wall);
    now += kLastWords;
    entry.router.tick(now, wall);
    run();
  }
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

TEST_F(FlowAdmission, EveryKindOfWrongTokenIsRefused) {
  auto t = token();
  t.session_began = t.issued_at = wall - 120s;
  t.expires_at = wall - 60s;
  EXPECT_EQ(refused(sign(t)), FlowReason::token_expired);
  t = token();
  t.expires_at = wall + 3600s;  // longer than any token may live
  EXPECT_EQ(refused(sign(t)), FlowReason::token_expired);
  t = token();
  t.cluster = ClusterId::random(rng);
  EXPECT_EQ(refused(sign(t)), FlowReason::wrong_cluster);
  t = token();
  t.entry = second_id;
  EXPECT_EQ(refused(sign(t)), FlowReason::wrong_entry);
  t = token();
  t.egress_pool = EgressPoolId::random(rng);
  EXPECT_EQ(refused(sign(t)), FlowReason::no_route);
  t = token();
  t.resource = ResourceId::random(rng);
  EXPECT_EQ(refused(sign(t)), FlowReason::wrong_resource);
  t = token();
  t.organization = OrganizationId::random(rng);
  EXPECT_EQ(refused(sign(t)), FlowReason::wrong_resource);
  t = token();
  t.classes = {TrafficClass::file_transfer};
  EXPECT_EQ(refused(sign(t)), FlowReason::channel_class_denied);
  EXPECT_EQ(refused(sign(token()), TrafficClass::vpn_packet), FlowReason::channel_class_denied);
  EXPECT_EQ(refused("not.a.token"), FlowReason::token_invalid);
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_EQ(refused(sign_token(token(), other, "k1")), FlowReason::token_invalid);
  EXPECT_EQ(refused_at(relay_id), FlowReason::wrong_resource)
      << "the egress that a client chooses is one of the pool";
  EXPECT_TRUE(egress.targets.all.empty());
  expect_no_flow_anywhere();
}

TEST_F(FlowAdmission, TheEgressRefusesAReplayThatTheEntryLetThrough) {
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  open(dial(), flow, t);
  ASSERT_TRUE(flow.accepted);
  // Whoever has the entry sends it once more, from there.
  const Bytes again = first_message(new_flow(), t);
  says(egress, hops[1].on_a, attach_frame(again, t));
  EXPECT_EQ(refusals(egress, FlowReason::token_replayed), 1U);
  EXPECT_EQ(egress.targets.all.size(), 1U);
}

TEST_F(FlowAdmission, EntryAndEgressHoldToTheOrganizationsPolicy) {
  snapshot::AppPolicy policy;
  policy.classes = {TrafficClass::input};
  entry.router.set_policies({{resource.organization, policy}});
  EXPECT_EQ(refused(sign(token()), TrafficClass::file_transfer), FlowReason::channel_class_denied);
  entry.router.set_policies({});
  egress.router.set_policies({{resource.organization, policy}});
  EXPECT_EQ(refused(sign(token()), TrafficClass::file_transfer), FlowReason::channel_class_denied);
  FlowAtClient& allowed = open(dial());
  policy.protocols = std::vector{policy::Protocol::tcp};
  egress.router.set_policies({{resource.organization, policy}});
  run();
  EXPECT_EQ(allowed.why, FlowReason::wrong_resource);
  egress.router.set_policies({{OrganizationId::random(rng), policy}});
  open(dial());  // that is somebody else's policy
  entry.router.set_flows_per_client(0);
  EXPECT_EQ(refused(sign(token())), FlowReason::limit_reached);
}

TEST_F(FlowAdmission, ATokenIssuedBeforeTheNodeStartedIsRefused) {
  WorldNode restarted{rng, kWall + 1s};
  restarted.config = entry.config;
  restarted.router.configure(restarted.config);
  FlowAtClient& flow = new_flow();
  ClientLine& line = dial(restarted, entry_id);
  const std::string t = sign(token());
  ask(line, flow, FrameType::flow_request,
      wire::FlowRequest{egress_id, t, first_message(flow, t)}.encode());
  carry_up(line);
  EXPECT_EQ(refusals(restarted, FlowReason::token_replayed), 1U);
}

TEST_F(FlowAdmission, ANodeWithoutConfigurationAdmitsNothing) {
  WorldNode fresh{rng, kWall - 100s};
  ClientLine& line = dial(fresh, entry_id);
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  ask(line, flow, FrameType::flow_request,
      wire::FlowRequest{egress_id, t, first_message(flow, t)}.encode());
  carry_up(line);
  EXPECT_EQ(refusals(fresh, FlowReason::not_ready), 1U);
}

TEST_F(FlowAdmission, WithoutSecurityDataNobodyNewIsLetInAndWhoIsInStays) {
  FlowAtClient& flow = open(dial());
  entry.router.security_incomplete();
  EXPECT_EQ(refused(sign(token())), FlowReason::not_ready);
  say(flow, "still here");
  EXPECT_EQ(target().received, "still here");
  entry.router.replace_security({}, true, true, wall);
  egress.router.security_incomplete();
  EXPECT_EQ(refused(sign(token())), FlowReason::not_ready);
}

TEST_F(FlowAdmission, TheBlocklistedAreRefusedAndTheirPathsEnd) {
  using policy::BlocklistKind;
  auto t = token();
  t.device = DeviceId::random(rng);
  for (const auto& [kind, value] : {std::pair(BlocklistKind::user, t.user.str()),
                                    {BlocklistKind::device, t.device.str()},
                                    {BlocklistKind::ip, std::string("203.0.113.0/24")}}) {
    t.id = TokenId::random(rng);
    FlowAtClient& flow = new_flow();
    open(dial(), flow, sign(t));
    ASSERT_TRUE(flow.accepted);
    entry.router.change_security({{}, {{kind, value, true, {}, 1}}}, wall);
    if (kind == BlocklistKind::ip) {
      run();  // the egress does not know the address: it has nothing to say
    } else {
      entry_ends();
    }
    EXPECT_EQ(flow.over.at(flow.number), FlowReason::blocklisted);
    t.id = TokenId::random(rng);
    EXPECT_EQ(refused(sign(t)), FlowReason::blocklisted);
    entry.router.change_security({{}, {{kind, value, false, {}, 2}}}, wall);
  }
  EXPECT_EQ(refusals(entry, FlowReason::blocklisted), 6U);
}

TEST_F(FlowAdmission, ATokenIsAdmittedOnce) {
  ClientLine& line = dial();
  const std::string t = sign(token());
  FlowAtClient& flow = new_flow();
  open(line, flow, t);
  EXPECT_TRUE(flow.accepted);
  FlowAtClient& again = new_flow();
  open(line, again, t);
  EXPECT_EQ(again.refused, FlowReason::token_replayed);
}

TEST_F(FlowAdmission, AnEntryCannotUseATokenThatItSaw) {
  // It has the token, and not the key that the token names.
  ClientLine& line = dial();
  FlowAtClient& flow = new_flow();
  const std::string t = sign(token());
  flow_key = crypto::X25519KeyPair::generate(rng);
  const Bytes first = first_message(flow, t);
  ask(line, flow, FrameType::flow_request, wire::FlowRequest{egress_id, t, first}.encode());
  run();
  EXPECT_EQ(flow.refused, FlowReason::token_invalid);
  EXPECT_TRUE(egress.targets.all.empty());
  EXPECT_EQ(noted(egress, wire::SecurityEventKind::token_forged), 1U);
}

TEST_F(FlowAdmission, AStolenGrantIsWorthNothingWithoutItsKeys) {
  FlowAtClient& flow = held();
  ClientLine& line = dial(second, second_id);
  proof_key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  EXPECT_EQ(resumed(line, flow, [](auto&) {}), FlowReason::proof_invalid);
  EXPECT_EQ(noted(second, wire::SecurityEventKind::token_misused), 1U);
  EXPECT_EQ(egress.router.egress().held().held(), 1U) << "the flow still waits for its client";
}

TEST_F(FlowAdmission, AnEntryThatStoleAGrantGetsNothingFromTheEgress) {
  FlowAtClient& flow = held();
  // It vouches for itself, and has no key for the handshake.
  flow_key = crypto::X25519KeyPair::generate(rng);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::unknown_flow);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
}

TEST_F(FlowAdmission, WhatWasProvenForAnotherConnectionProvesNothing) {
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

TEST_F(FlowAdmission, WhatWasProvenForAnotherEntryOrMessageProvesNothing) {
  FlowAtClient& flow = held();
  ClientLine& line = dial(second, second_id);
  line.entry_id = entry_id;
  EXPECT_EQ(resumed(line, flow, [](auto&) {}), FlowReason::proof_invalid);
  line.entry_id = second_id;
  const Bytes other(200, 7);
  EXPECT_EQ(resumed(line, flow, [&](wire::FlowResume& resume) { resume.first_message = other; }),
            FlowReason::proof_invalid);
}

TEST_F(FlowAdmission, AGrantOfAnotherResourceGoesOnWithNoneOfThisOne) {
  FlowAtClient& flow = held();
  auto other = resource;
  other.id = ResourceId::random(rng);
  egress.config.resources.push_back(other);
  egress.router.configure(egress.config);
  auto g = grant();
  g.resource = other.id;
  flow.grant = sign(g);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::unknown_flow);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
}

TEST_F(FlowAdmission, AGrantIsJudgedAsATokenIs) {
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

TEST_F(FlowAdmission, AFirstMessageThatIsPlayedAgainMovesNothing) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  ClientLine& next = dial(second, second_id);
  ++flow.attempts;
  const Bytes first = first_message(flow, flow.grant, flow.id);
  ask(next, flow, FrameType::flow_resume, resume_of(next, flow, first).encode());
  run();
  say(flow, "one ");
  // Whoever has the entry sends it once more, from there.
  says(egress, hops[1].on_a, attach_frame(first, flow.grant, true));
  EXPECT_EQ(refusals(egress, FlowReason::superseded), 1U);
  say(flow, "two");
  EXPECT_EQ(target().received, "one two");
}

TEST_F(FlowAdmission, WhatTheEntryJudgedIsWhatTheEgressIsShown) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  ++flow.attempts;
  const Bytes first = first_message(flow, flow.grant, flow.id);
  // Another grant than the client sealed, and another kind of message.
  says(egress, hops[1].on_a, attach_frame(first, sign(grant()), true, 1000));
  says(egress, hops[1].on_a, attach_frame(first, flow.grant, false, 1002));
  EXPECT_EQ(refusals(egress, FlowReason::token_invalid), 2U);
}

TEST_F(FlowAdmission, SignOutEndsTheFlowAtOnceWithAPathAndWithout) {
  ClientLine& line = dial();
  FlowAtClient& live = open(line);
  FlowAtClient& flow = held();
  snapshot::SecurityChanges out;
  out.epochs = {{user, 1}};
  egress.router.change_security(out, wall);
  run();
  EXPECT_EQ(live.why, FlowReason::signed_out) << "as the egress itself says, sealed";
  for (const auto& [id, target] : egress.targets.all) EXPECT_TRUE(target->closed);
  EXPECT_EQ(egress.router.egress().held().size(), 0U);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::signed_out);
  second.router.change_security(out, wall);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::signed_out)
      << "by the entry, too";
}

TEST_F(FlowAdmission, AnEntryAloneEndsThePathsOfThoseWhoAreSignedOut) {
  ClientLine& line = dial();
  FlowAtClient& flow = open(line);
  snapshot::SecurityChanges out;
  out.epochs = {{user, 1}};
  entry.router.change_security(out, wall);
  say(flow, "typed too late");
  EXPECT_EQ(target().received, "") << "nothing more is taken of the client, at once";
  answer("what was said meanwhile");
  EXPECT_EQ(flow.heard, "what was said meanwhile") << "the egress may still say how it ends";
  entry_ends();
  EXPECT_EQ(flow.over.at(flow.number), FlowReason::signed_out);
  EXPECT_FALSE(flow.ended) << "a client believes no node between";
  EXPECT_EQ(entry.router.entry().flows().size(), 0U);
  EXPECT_EQ(egress.router.egress().held().held(), 1U);
}

TEST_F(FlowAdmission, ABlockedPersonsFlowsEnd) {
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

TEST_F(FlowAdmission, TheEndOfASessionEndsItsFlows) {
  FlowAtClient& flow = open(dial());
  FlowAtClient& away = held();
  egress.router.end_session(session, wall);
  run();
  EXPECT_EQ(flow.why, FlowReason::session_ended);
  EXPECT_EQ(egress.router.egress().held().size(), 0U);
  EXPECT_EQ(resumed(dial(second, second_id), away, [](auto&) {}), FlowReason::session_ended);
}

TEST_F(FlowAdmission, ASessionThatLastedAsLongAsItMayEndsAtEntryAndEgress) {
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
  entry_ends();
  EXPECT_EQ(other.over.at(other.number), FlowReason::session_ended);
}

TEST_F(FlowAdmission, APolicyThatChangesWhileAFlowIsHeldEndsIt) {
  FlowAtClient& flow = held();
  snapshot::AppPolicy policy;
  policy.protocols = std::vector{policy::Protocol::tcp};
  egress.router.set_policies({{resource.organization, policy}});
  EXPECT_TRUE(target().closed);
  EXPECT_EQ(egress.router.egress().held().size(), 0U);
  EXPECT_EQ(resumed(dial(second, second_id), flow, [](auto&) {}), FlowReason::wrong_resource);
}

TEST_F(FlowAdmission, AResourceThatIsGoneTakesItsFlowsWithIt) {
  FlowAtClient& flow = open(dial());
  egress.config.resources[0].port = 2222;
  egress.router.configure(egress.config);
  run();
  EXPECT_EQ(flow.why, FlowReason::wrong_resource);
  EXPECT_TRUE(target().closed);
}

TEST_F(FlowAdmission, NodesSayNoRequestsOfClientsAndClientsNoneOfNodes) {
  const auto takes = [&](WorldNode& node, LinkId link, FrameType type) {
    return says(node, link, frame_of(type, 2, Bytes(200)));
  };
  EXPECT_FALSE(takes(relay, hops[0].on_b, FrameType::flow_request));
  EXPECT_FALSE(takes(relay, hops[0].on_b, FrameType::flow_resume));
  EXPECT_FALSE(takes(entry, dial().link, FrameType::flow_attach));
  EXPECT_FALSE(takes(entry, dial().link, FrameType::flow_accept));
}

}  // namespace
}  // namespace rap::router
