#include "wire/agent/agent_messages.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::wire {
namespace {

using nlohmann::json;

const std::string kNode = "0f8fad5b-d9cb-469f-a165-70867728950e";
const std::string kOther = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

const std::string kRun = "00112233445566778899aabbccddeeff";

SecurityEvents security_events() {
  return {kRun,
          {{.seq = 3,
            .kind = SecurityEventKind::token_replayed,
            .reason = "token_replayed",
            .source = "203.0.113.7",
            .organization = OrganizationId::parse(kOther),
            .user = UserId::parse(kNode),
            .resource = ResourceId::parse(kOther),
            .count = 2,
            .first_at = 1'800'000'000,
            .last_at = 1'800'000'009},
           {.seq = 5,
            .kind = SecurityEventKind::target_denied,
            .peer = NodeId::parse(kNode),
            .address = "2001:db8::1",
            .others = true,
            .count = 1,
            .first_at = 1,
            .last_at = 1}}};
}

Observations observations() {
  Observations out;
  out.config_version = 5;
  out.pid = 7;
  out.entry = "open";
  ObservedChannel channel;
  channel.id = *ChannelId::parse(kOther);
  channel.peer = NodeId::parse(kNode);
  channel.direction = "dial";
  channel.state = "established";
  channel.classes = {TrafficClass::input, TrafficClass::update_fetch};
  channel.lanes = {LaneKind::interactive, LaneKind::bulk};
  channel.age_s = 60;
  channel.rtt_us = 900;
  channel.jitter_us = 30;
  channel.loss_permille = 1;
  channel.flows = 2;
  channel.bytes_in = 3000;
  channel.bytes_out = 4000;
  channel.config_version = 4;
  channel.route_epoch = 9;
  channel.revalidate_in_s = -1;
  channel.last_reason = "none";
  out.channels.push_back(channel);
  out.reconnects.push_back({*NodeId::parse(kNode), 3, 250, "peer_silent", false});
  out.counters.established = 1;
  out.counters.ended["orderly"] = 2;
  out.sessions.push_back({*SessionId::parse(kOther), 1, 10, 20});
  out.clients = 4;
  out.refusals["no_route"] = 6;
  out.opened_flows["entry"] = 8;
  out.failed_listeners.push_back({"fabric", "192.0.2.7:7443", "address_missing"});
  return out;
}

struct GoldenToFabric {
  ToFabric message;
  std::string bytes;
};

std::vector<GoldenToFabric> golden_to_fabric() {
  const SecurityRows rows{
      JsonValue::of(R"([{"user":")" + kNode + R"(","epoch":3,"seq":7}])"),
      JsonValue::of(R"([{"kind":"ip","value":"203.0.113.7","action":"add","seq":8}])")};
  const std::string lists = R"("blocklist":[{"action":"add","kind":"ip","seq":8,)"
                            R"("value":"203.0.113.7"}],"epochs":[{"epoch":3,"seq":7,"user":")" +
                            kNode + R"("}])";
  return {
      {Configure{JsonValue::of(R"({"node":"n","version":7})"),
                 {JsonValue::of(R"({"type":"a","value":{}})"), JsonValue::of(R"({"type":"b"})")}},
       R"({"type":"config","config":{"node":"n","version":7},)"
       R"("documents":[{"type":"a","value":{}},{"type":"b"}]})"},
      {Configure{JsonValue::of("{}"), {}}, R"({"type":"config","config":{},"documents":[]})"},
      {RunCommand{"c-1", NodeCommandType::terminate_session, kNode},
       R"({"type":"command","id":"c-1","command":"session.terminate","session_id":")" + kNode +
           R"("})"},
      {ControlReachable{true}, R"({"type":"control","reachable":true})"},
      {ControlReachable{false}, R"({"type":"control","reachable":false})"},
      {Identify{{"KEY", "CHAIN", {}}, std::nullopt, "c2VhbA==", {}},
       R"({"control":[],"node":{"chain":"CHAIN","key":"KEY","staple":""},)"
       R"("seal_key":"c2VhbA==","type":"identity","worker":[]})"},
      {Identify{{"KEY", "CHAIN", {1, 2, 3}},
                Credential{"WORKER KEY", "WORKER CHAIN", {4}},
                "c2VhbA==",
                {{"control.example.org", 9091}, {"::1", 8443}}},
       R"({"control":["control.example.org:9091","[::1]:8443"],)"
       R"("node":{"chain":"CHAIN","key":"KEY","staple":"AQID"},"seal_key":"c2VhbA==",)"
       R"("type":"identity",)"
       R"("worker":[{"chain":"WORKER CHAIN","key":"WORKER KEY","staple":"BA=="}]})"},
      {ClockAhead{std::chrono::seconds{-31}}, R"({"ahead_s":-31,"type":"clock"})"},
      {End{}, R"({"type":"end"})"},
      {SecurityState{rows, true, false},
       "{" + lists + R"(,"first":true,"last":false,"type":"security_state"})"},
      {SecurityChanged{rows}, "{" + lists + R"(,"type":"security_changes"})"},
      {SecurityIncomplete{}, R"({"type":"security_incomplete"})"},
      {SecurityEventsTaken{kRun, 7},
       R"({"run":"00112233445566778899aabbccddeeff","seq":7,"type":"security_events_taken"})"},
      {AgentListeners{}, R"({"listeners":[],"type":"agent_listeners"})"},
      {AgentListeners{{{"192.0.2.7", 9465}, {"::", 9466}}},
       R"({"listeners":["192.0.2.7:9465","[::]:9466"],"type":"agent_listeners"})"},
  };
}

TEST(AgentMessages, ToTheFabricHaveTheirBytesAndRoundTrip) {
  for (const auto& [message, bytes] : golden_to_fabric()) {
    EXPECT_EQ(encode_to_fabric(message), bytes);
    const auto decoded = decode_to_fabric(bytes);
    ASSERT_TRUE(decoded) << bytes << ": " << decoded.error().detail;
    EXPECT_EQ(*decoded, message) << bytes;
  }
}

TEST(AgentMessages, ToTheAgentHaveTheirBytesAndRoundTrip) {
  const std::string result = R"({"id":"c-1","status":"ok","type":"command_result"})";
  EXPECT_EQ(encode_to_agent(CommandResult{"c-1", "ok"}), result);
  EXPECT_EQ(decode_to_agent(result), ToAgent(CommandResult{"c-1", "ok"}));

  const std::string seen =
      R"({"channels":[{"age_s":60,"bytes_in":3000,"bytes_out":4000,)"
      R"("classes":["input","update_fetch"],"config_version":4,"direction":"dial","flows":2,)"
      R"("id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","jitter_us":30,)"
      R"("lanes":["interactive","bulk"],"last_reason":"none","loss_permille":1,)"
      R"("peer":"0f8fad5b-d9cb-469f-a165-70867728950e","revalidate_in_s":-1,"route_epoch":9,)"
      R"("rtt_us":900,"state":"established"}],"clients":4,"config_version":5,)"
      R"("counters":{"attempts":0,"authorization_failures":0,"bulk_lanes_lost":0,"drains":0,)"
      R"("drains_forced":0,)"
      R"("ended":{"orderly":2},"established":1,"failover_hints":0,"handshake_failures":0,)"
      R"("reconnects":0,"replaced":0,"revalidation_failures":0,"revalidations":0,)"
      R"("revocations":0},"drained":false,"draining":false,"entry":"open",)"
      R"("failed_listeners":[{"address":"192.0.2.7:7443","fault":"address_missing",)"
      R"("listener":"fabric"}],"opened_flows":{"entry":8},"pid":7,)"
      R"("reconnects":[{"attempts":3,"last_reason":"peer_silent","next_in_ms":250,)"
      R"("peer":"0f8fad5b-d9cb-469f-a165-70867728950e","stopped":false}],)"
      R"("refusals":{"no_route":6},)"
      R"("sessions":[{"bytes_down":20,"bytes_up":10,"flows":1,)"
      R"("session_id":"7c9e6679-7425-40de-944b-e07fc1f90ae7"}],"type":"observations"})";
  EXPECT_EQ(encode_to_agent(observations()), seen);
  EXPECT_EQ(decode_to_agent(seen), ToAgent(observations()));
}

TEST(AgentMessages, HighRiskEventsHaveTheirBytesAndRoundTrip) {
  const std::string said =
      R"({"events":[{"address":"","count":2,"first_at":1800000000,"kind":"token_replayed",)"
      R"("last_at":1800000009,"organization":"7c9e6679-7425-40de-944b-e07fc1f90ae7",)"
      R"("others":false,"peer":"","reason":"token_replayed",)"
      R"("resource":"7c9e6679-7425-40de-944b-e07fc1f90ae7","seq":3,"source":"203.0.113.7",)"
      R"("user":"0f8fad5b-d9cb-469f-a165-70867728950e"},)"
      R"({"address":"2001:db8::1","count":1,"first_at":1,"kind":"target_denied","last_at":1,)"
      R"("organization":"","others":true,"peer":"0f8fad5b-d9cb-469f-a165-70867728950e",)"
      R"("reason":"","resource":"","seq":5,"source":"","user":""}],)"
      R"("run":"00112233445566778899aabbccddeeff","type":"security_events"})";
  EXPECT_EQ(encode_to_agent(security_events()), said);
  EXPECT_EQ(decode_to_agent(said), ToAgent(security_events()));
}

// Who does not know it may have a newer one behind it that does.
TEST(AgentMessages, AHighRiskEventOfAnUnknownKindIsPassedOnAsItCame) {
  json said = json::parse(encode_to_agent(security_events()));
  said["events"][0]["kind"] = "of_another_release";
  const auto read = decode_to_agent(said.dump());
  ASSERT_TRUE(read);
  const auto& events = std::get<SecurityEvents>(*read).events;
  EXPECT_EQ(events.front().unknown_kind, "of_another_release");
  EXPECT_EQ(events.back().unknown_kind, "");
  EXPECT_EQ(json::parse(encode_to_agent(std::get<SecurityEvents>(*read))), said);
}

TEST(AgentMessages, OfAHighRiskEventNothingIsReadThatAPeerCouldHaveWritten) {
  const json good = json::parse(encode_to_agent(security_events()));
  const auto taken = [&](const std::string& pointer, const json& value) {
    json bent = good;
    bent[json::json_pointer(pointer)] = value;
    return decode_to_agent(bent.dump()).has_value();
  };
  EXPECT_TRUE(taken("/events/0/reason", std::string(kMaxSecurityTextBytes, 'r')));
  EXPECT_FALSE(taken("/events/0/reason", std::string(kMaxSecurityTextBytes + 1, 'r')));
  EXPECT_FALSE(taken("/events/0/reason", "\u001b[2J"));
  EXPECT_FALSE(taken("/events/0/source", "a host"));
  EXPECT_FALSE(taken("/events/1/address", "<script>"));
  EXPECT_TRUE(taken("/events/0/kind", "of_another_release"));
  EXPECT_FALSE(taken("/events/0/kind", ""));
  EXPECT_FALSE(taken("/events/0/kind", "<of another release>"));
  EXPECT_FALSE(taken("/events/0/user", "x"));
  EXPECT_FALSE(taken("/events/0/count", 0));
  EXPECT_FALSE(taken("/events/0/seq", 0));
  EXPECT_FALSE(taken("/events/0/seq", 5)) << "numbers only grow";
  EXPECT_FALSE(taken("/events/0/last_at", 1'799'999'999)) << "before the first";
  EXPECT_FALSE(taken("/events/0/more", 1));
  EXPECT_FALSE(taken("/run", "short"));
  EXPECT_FALSE(taken("/run", std::string(kSecurityRunBytes, 'x')));
  json many = good;
  many["events"] = json::array();
  for (std::size_t i = 0; i < kMaxSecurityEventsAtOnce; ++i) {
    many["events"].push_back(good["events"][0]);
    many["events"].back()["seq"] = i + 1;
  }
  EXPECT_TRUE(decode_to_agent(many.dump()));
  many["events"].push_back(good["events"][0]);
  many["events"].back()["seq"] = 100;
  EXPECT_FALSE(decode_to_agent(many.dump()));
}

TEST(AgentMessages, APeerThatHasNotSaidWhoItIsIsEmpty) {
  Observations all = observations();
  all.channels[0].peer.reset();
  const json sent = json::parse(encode_to_agent(all));
  EXPECT_EQ(sent["channels"][0]["peer"], "");
  EXPECT_EQ(decode_to_agent(sent.dump()), ToAgent(all));
}

TEST(AgentMessages, OfAnUnknownTypeAreAFailureThatNamesIt) {
  const auto down = decode_to_fabric(R"({"type":"observations"})");
  ASSERT_FALSE(down);
  EXPECT_EQ(down.error().type, "observations");
  EXPECT_EQ(down.error().detail, "the type is unknown");
  const auto up = decode_to_agent(R"({"type":"config","config":{},"documents":[]})");
  ASSERT_FALSE(up);
  EXPECT_EQ(up.error().type, "config");
  for (const char* text : {"", "{}", "[]", "7", "nonsense", R"({"type":7})", R"({"type":""})",
                           R"({"type":"control","type":"control","reachable":true})"}) {
    EXPECT_FALSE(decode_to_fabric(text)) << text;
    EXPECT_FALSE(decode_to_agent(text)) << text;
  }
}

TEST(AgentMessages, AnIdentityThatIsNotWholeIsRefused) {
  const json good = json::parse(golden_to_fabric()[6].bytes);
  ASSERT_TRUE(decode_to_fabric(good.dump()));
  const auto refused = [&](const char* pointer, const json& value) {
    json bent = good;
    bent[json::json_pointer(pointer)] = value;
    return !decode_to_fabric(bent.dump());
  };
  EXPECT_TRUE(refused("/node/key", std::string(kMaxKeyPemBytes + 1, 'k')));
  EXPECT_FALSE(refused("/node/key", std::string(kMaxKeyPemBytes, 'k')));
  EXPECT_TRUE(refused("/node/chain", std::string(kMaxChainPemBytes + 1, 'c')));
  EXPECT_FALSE(refused("/node/chain", std::string(kMaxChainPemBytes, 'c')));
  EXPECT_TRUE(refused("/node/staple", "no base64"));
  EXPECT_TRUE(refused("/node/more", 1));
  EXPECT_TRUE(refused("/worker/0", "no object"));
  EXPECT_TRUE(refused("/worker", json::array({good["node"], good["node"]})));
  EXPECT_TRUE(refused("/seal_key", std::string(kMaxSealKeyBytes + 1, 's')));
  EXPECT_TRUE(refused("/control/0", "no address"));
  EXPECT_TRUE(refused("/control", std::vector<std::string>(kMaxControlListeners + 1, "a:1")));
  EXPECT_FALSE(refused("/control", std::vector<std::string>(kMaxControlListeners, "a:1")));
}

TEST(AgentMessages, TheAgentsListenersAreBoundedAndHaveAPortEach) {
  const auto taken = [](const json& listeners) {
    return decode_to_fabric(json{{"type", "agent_listeners"}, {"listeners", listeners}}.dump())
        .has_value();
  };
  EXPECT_TRUE(taken(std::vector<std::string>(kMaxAgentListeners, "192.0.2.7:1")));
  EXPECT_FALSE(taken(std::vector<std::string>(kMaxAgentListeners + 1, "192.0.2.7:1")));
  for (const char* bad : {"", "192.0.2.7", "192.0.2.7:0", "no address"}) {
    EXPECT_FALSE(taken(json::array({bad}))) << bad;
  }
}

// Every member of every message: left out, of another type, and one more than there may be.
TEST(AgentMessages, EveryCommandOfTheTableIsToldByItsNameAndItsArgument) {
  for (const NodeCommandKind& kind : kNodeCommands) {
    const ToFabric message = RunCommand{"c-1", kind.command, kNode};
    const json said = json::parse(encode_to_fabric(message));
    EXPECT_EQ(said["command"], kind.name);
    EXPECT_EQ(said[std::string(kind.argument)], kNode);
    EXPECT_EQ(decode_to_fabric(said.dump()).value(), message);
  }
  const auto unknown =
      decode_to_fabric(R"({"type":"command","id":"c-1","command":"session.begin"})");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().detail, R"(member "command" is none of this release)");
}

TEST(AgentMessages, EveryMemberMissingWrongOrAddedIsRefused) {
  std::vector<std::pair<std::string, bool>> all;  // and whether it is for the fabric
  for (const auto& golden : golden_to_fabric()) all.emplace_back(golden.bytes, true);
  all.emplace_back(encode_to_agent(CommandResult{"c-1", "ok"}), false);
  all.emplace_back(encode_to_agent(observations()), false);
  all.emplace_back(encode_to_agent(security_events()), false);
  const auto taken = [](const json& message, bool down) {
    return down ? decode_to_fabric(message.dump()).has_value()
                : decode_to_agent(message.dump()).has_value();
  };
  for (const auto& [bytes, down] : all) {
    const json good = json::parse(bytes);
    ASSERT_TRUE(taken(good, down)) << bytes;
    json more = good;
    more["more"] = 1;
    EXPECT_FALSE(taken(more, down)) << bytes;
    for (const auto& [name, value] : good.items()) {
      json bent = good;
      bent.erase(name);
      EXPECT_FALSE(taken(bent, down)) << bytes << " without " << name;
      bent[name] = value.is_number() ? json("seven") : json(7);
      EXPECT_FALSE(taken(bent, down)) << bytes << " with another " << name;
    }
  }
}

TEST(AgentMessages, WhatIsObservedIsReadAsStrictly) {
  const json good = json::parse(encode_to_agent(observations()));
  const auto taken = [&](const std::string& pointer, const json& value) {
    json bent = good;
    bent[json::json_pointer(pointer)] = value;
    return decode_to_agent(bent.dump()).has_value();
  };
  EXPECT_TRUE(taken("/channels/0/state", std::string(kMaxObservedNameBytes, 's')));
  EXPECT_FALSE(taken("/channels/0/state", std::string(kMaxObservedNameBytes + 1, 's')));
  EXPECT_FALSE(taken("/channels/0/id", "x"));
  EXPECT_FALSE(taken("/channels/0/peer", "x"));
  EXPECT_FALSE(taken("/channels/0/classes", {"input", "input"}));
  EXPECT_FALSE(taken("/channels/0/classes", {"nonsense"}));
  EXPECT_FALSE(taken("/channels/0/lanes", {"slow"}));
  EXPECT_FALSE(taken("/channels/0/lanes", {"bulk", "bulk", "bulk"}));
  EXPECT_FALSE(taken("/channels/0/flows", -1));
  EXPECT_FALSE(taken("/channels/0/more", 1));
  EXPECT_FALSE(taken("/counters/ended/x", "1"));
  EXPECT_FALSE(taken("/counters/ended/" + std::string(kMaxObservedNameBytes + 1, 'x'), 1));
  EXPECT_FALSE(taken("/counters/more", 1));
  EXPECT_FALSE(taken("/reconnects/0/stopped", 0));
  EXPECT_FALSE(taken("/sessions/0/session_id", "s"));
}

TEST(AgentMessages, AreBounded) {
  const auto padded = [](std::string text, std::size_t size) {
    text.resize(size, ' ');  // white space behind the value
    return text;
  };
  const std::string down = encode_to_fabric(ControlReachable{true});
  EXPECT_TRUE(decode_to_fabric(padded(down, kMaxToFabricBytes)));
  EXPECT_FALSE(decode_to_fabric(padded(down, kMaxToFabricBytes + 1)));
  const std::string up = encode_to_agent(CommandResult{"c", "ok"});
  EXPECT_TRUE(decode_to_agent(padded(up, kMaxToAgentBytes)));
  EXPECT_FALSE(decode_to_agent(padded(up, kMaxToAgentBytes + 1)));

  const auto takes = [](const ToFabric& message) {
    return decode_to_fabric(encode_to_fabric(message)).has_value();
  };
  const std::vector<JsonValue> documents(kMaxMessageDocuments + 1, JsonValue::of("{}"));
  EXPECT_TRUE(takes(Configure{JsonValue::of("{}"), {documents.begin(), documents.end() - 1}}));
  EXPECT_FALSE(takes(Configure{JsonValue::of("{}"), documents}));
  EXPECT_FALSE(takes(Configure{JsonValue::of("[]"), {}}));
  EXPECT_FALSE(takes(Configure{JsonValue::of("{}"), {JsonValue::of("7")}}));

  const auto rows = [](std::size_t n) { return JsonValue(json(std::vector<int>(n))); };
  EXPECT_TRUE(takes(SecurityChanged{{rows(kMaxSecurityRows), rows(kMaxSecurityRows)}}));
  EXPECT_FALSE(takes(SecurityChanged{{rows(kMaxSecurityRows + 1), rows(0)}}));
  EXPECT_FALSE(takes(SecurityState{{rows(0), rows(kMaxSecurityRows + 1)}, true, true}));

  const auto end_session = NodeCommandType::terminate_session;
  EXPECT_TRUE(takes(RunCommand{std::string(kMaxCommandIdBytes, 'c'), end_session, kNode}));
  EXPECT_FALSE(takes(RunCommand{std::string(kMaxCommandIdBytes + 1, 'c'), end_session, kNode}));
  const auto answers = [](const ToAgent& message) {
    return decode_to_agent(encode_to_agent(message)).has_value();
  };
  EXPECT_TRUE(answers(CommandResult{std::string(kMaxCommandIdBytes, 'c'),
                                    std::string(kMaxCommandStatusBytes, 's')}));
  EXPECT_FALSE(answers(CommandResult{std::string(kMaxCommandIdBytes + 1, 'c'), "ok"}));
  EXPECT_FALSE(answers(CommandResult{"c", std::string(kMaxCommandStatusBytes + 1, 's')}));

  const auto deep = [](std::size_t levels) {
    return JsonValue::of(std::string(levels - 1, '[') + "7" + std::string(levels - 1, ']'));
  };
  const auto within = [&](std::size_t levels) {
    return Configure{JsonValue::of("{}"), {JsonValue(json{{"value", deep(levels).get()}})}};
  };
  EXPECT_TRUE(takes(within(kMaxJsonDepth)));
  EXPECT_FALSE(takes(within(kMaxJsonDepth + 1)));
}

TEST(AgentMessages, AFaultSaysWhetherNobodyNewMayBeLetIn) {
  const auto fault_of = [](const char* text) { return decode_to_fabric(text).error(); };
  EXPECT_TRUE(fault_of(R"({"type":"security_state"})").is_of_security());
  EXPECT_TRUE(fault_of(R"({"type":"security_changes","epochs":7})").is_of_security());
  EXPECT_TRUE(fault_of(R"({"type":"security_incomplete","more":1})").is_of_security());
  EXPECT_FALSE(fault_of(R"({"type":"control"})").is_of_security());
  EXPECT_TRUE(fault_of(R"({"type":"config"})").is_of_config());
  EXPECT_FALSE(fault_of("nonsense").is_of_config());
  EXPECT_EQ(fault_of(R"({"type":"control"})").detail, "member \"reachable\" is missing");
}

TEST(JsonValue, IsSharedAndComparesByWhatItSays) {
  EXPECT_EQ(JsonValue::of(R"({"b":1,"a":2})"), JsonValue::of(R"({"a":2,"b":1})"));
  EXPECT_NE(JsonValue::of("1"), JsonValue::of("2"));
  EXPECT_EQ(JsonValue::of("nonsense"), JsonValue());
  const JsonValue one = JsonValue::of("[1]");
  const JsonValue copy = one;
  EXPECT_EQ(&copy.get(), &one.get());
  EXPECT_EQ(copy.dump(), "[1]");
}

}  // namespace
}  // namespace rap::wire
