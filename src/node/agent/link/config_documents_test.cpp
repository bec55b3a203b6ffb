// Documents beside a node's configuration: inline, as objects in ranges, and every way to be shown
// something else than what was signed.
#include "node/agent/link/test_control_link.hpp"

#include "base/encoding.hpp"
#include "snapshot/history.hpp"
#include "wire/http/byte_range.hpp"

namespace rap::agent {
namespace {

using snapshot::Document;
using snapshot::DocumentRef;

class ConfigDocuments : public ControlLinkWorld {
 protected:
  Document runtime(std::uint64_t version, int interval_ms = 1000) const {
    return {cluster_,
            std::string(snapshot::kAgentRuntime),
            {},
            version,
            wire::JsonValue(json{{"checkin_interval_ms", interval_ms}})};
  }
  // Large enough to take several parts.
  Document large(std::uint64_t version) const {
    return {cluster_,
            "some_later_type",
            {},
            version,
            wire::JsonValue(json{{"text", std::string(3 * kObjectPart, 'x')}})};
  }
  static DocumentRef ref_of(const Document& document) {
    return {document.type, document.scope, document.version,
            crypto::sha256(as_bytes(to_json(document)))};
  }
  std::string sealed(const Document& document) const {
    return crypto::seal_envelope(key_, "c1", snapshot::kDocumentType, as_bytes(to_json(document)));
  }
  std::string config_with(std::uint64_t version, const std::vector<DocumentRef>& refs) const {
    snapshot::NodeConfig config = plain_config(version);
    config.documents = refs;
    return crypto::seal_envelope(key_, "c1", snapshot::kNodeConfigType,
                                 as_bytes(snapshot::to_json(config)));
  }
  static json item(const Document& document, const std::string& envelope, bool as_object = false) {
    json out = {{"type", document.type},
                {"version", document.version},
                {"sha256", to_hex(ref_of(document).sha256)},
                {"size", envelope.size()}};
    out[as_object ? "object" : "envelope"] = as_object ? to_hex(ref_of(document).sha256) : envelope;
    return out;
  }
  void pulled(std::uint64_t version, const std::string& config, const std::vector<json>& items) {
    json body = configs(version, config);
    for (const json& i : items) body["configs"].push_back(i);
    answer(ControlCall::pull_configs, body);
  }
  // The request for a part that is under way, as {first, count}.
  std::optional<wire::ByteRange> part_asked(std::size_t size) const {
    for (const SendToControl& send : outbox_) {
      if (send.call == ControlCall::get_object) {
        return wire::parse_range(send.request.header("range"), size);
      }
    }
    return std::nullopt;
  }
  void answer_part(const std::string& bytes, std::size_t first, std::size_t size) {
    std::erase_if(outbox_, [](const auto& send) { return send.call == ControlCall::get_object; });
    wire::HttpResponse response;
    response.status = 206;
    response.body = bytes;
    response.headers = {
        {"content-range",
         wire::content_range({wire::ByteRange::Kind::part, first, bytes.size()}, size)}};
    step(ControlAnswered{ControlCall::get_object, response});
  }
  void serve_next_part(const std::string& envelope) {
    while (!part_asked(envelope.size())) wake_without_checkin();
    const auto range = *part_asked(envelope.size());
    answer_part(envelope.substr(range.first, range.count), range.first, envelope.size());
  }
  void wake_without_checkin() {
    if (sent(ControlCall::checkin)) check_in(1, 0);
    wake();
  }
  std::string reported() {
    while (!sent(ControlCall::report_config_error)) wake_without_checkin();
    return (*sent(ControlCall::report_config_error))["errors"][0]["error"];
  }
};

TEST_F(ConfigDocuments, TakeEffectTogetherWithTheirConfigurationAndAreAcknowledgedInOneBatch) {
  step(FabricConnected{});
  check_in(5, 0);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have_documents"], json::array());
  const Document document = runtime(3);
  pulled(5, config_with(5, {ref_of(document)}), {item(document, sealed(document))});
  ASSERT_EQ(fabric_.size(), 1U);
  EXPECT_EQ(fabric_[0]["documents"][0]["value"]["checkin_interval_ms"], 1000);
  observe(5);
  const json acks = (*sent(ControlCall::ack_config))["acks"];
  ASSERT_EQ(acks.size(), 2U);
  EXPECT_EQ(acks[0], (json{{"type", "node_config"}, {"version", 5}}));
  EXPECT_EQ(acks[1]["type"], "cp_agent_runtime");
  EXPECT_EQ(acks[1]["layer"], "platform");
  answer(ControlCall::ack_config, json::object(), 204);
  observe(5);
  EXPECT_FALSE(sent(ControlCall::ack_config));
  restart();
  step(FabricConnected{});
  ASSERT_EQ(fabric_.size(), 1U) << "both were stored";
  EXPECT_EQ(fabric_[0]["documents"].size(), 1U);
}

TEST_F(ConfigDocuments, SetHowOftenTheAgentChecksInAtOnce) {
  check_in(5, 0);
  step(EventsOpened{});
  const Document slow = runtime(1, 60'000);
  pulled(5, config_with(5, {ref_of(slow)}), {item(slow, sealed(slow))});
  check_in(5, 0);
  const MonoTime then = now_;
  while (!sent(ControlCall::checkin)) wake();
  EXPECT_GT(now_ - then, seconds(50));
  check_in(6, 0);
  const Document quick = runtime(2, 500);
  pulled(6, config_with(6, {ref_of(quick)}), {item(quick, sealed(quick))});
  const MonoTime later = now_;
  while (!sent(ControlCall::checkin)) wake();
  EXPECT_LT(now_ - later, seconds(1));
}

TEST_F(ConfigDocuments, AreFetchedInRangesAndResumedAfterABreak) {
  check_in(5, 0);
  const Document document = large(3);
  const std::string envelope = sealed(document);
  ASSERT_GT(envelope.size(), 3 * kObjectPart);
  pulled(5, config_with(5, {ref_of(document)}), {item(document, envelope, true)});
  EXPECT_EQ(in_force(), 0U) << "not without its documents";
  serve_next_part(envelope);
  serve_next_part(envelope);
  ASSERT_EQ(part_asked(envelope.size())->first, 2 * kObjectPart);
  fail(ControlCall::get_object);
  while (!part_asked(envelope.size())) wake_without_checkin();
  EXPECT_EQ(part_asked(envelope.size())->first, 2 * kObjectPart) << "what came is kept";
  while (in_force() == 0) serve_next_part(envelope);
  EXPECT_EQ(in_force(), 5U);
}

TEST_F(ConfigDocuments, EndlessWrongAndSlowObjectsAreGivenUpAndReported) {
  const Document document = large(3);
  const std::string envelope = sealed(document);
  const auto begin = [&] {
    while (!sent(ControlCall::pull_configs)) {
      wake();
      if (sent(ControlCall::checkin)) check_in(5, 0);
    }
    pulled(5, config_with(5, {ref_of(document)}), {item(document, envelope, true)});
    while (!part_asked(envelope.size())) wake_without_checkin();
  };
  const auto finish_report = [&](const char* why) {
    EXPECT_THAT(reported(), HasSubstr(why));
    answer(ControlCall::report_config_error, json::object(), 204);
    EXPECT_EQ(in_force(), 0U);
  };
  begin();
  answer_part(std::string(kObjectPart + 1, 'x'), 0, envelope.size());
  finish_report("endless_data");
  begin();
  answer_part(envelope.substr(0, 10), 0, envelope.size() + 1);
  finish_report("wrong_range");
  begin();
  answer_part(envelope.substr(5, 10), 5, envelope.size());
  finish_report("wrong_range");
  begin();
  answer(ControlCall::get_object, json::object(), 404);
  finish_report("no_such_object");
  begin();
  std::string other = envelope;
  std::ranges::reverse(other);
  serve_next_part(other);
  while (part_asked(envelope.size())) serve_next_part(other);
  finish_report("bad_envelope");
  begin();
  const MonoTime started = now_;
  while (!sent(ControlCall::report_config_error)) {  // a byte at a time
    if (const auto part = part_asked(envelope.size())) {
      now_ += seconds(1);
      answer_part(envelope.substr(part->first, 1), part->first, envelope.size());
    } else {
      wake_without_checkin();
    }
  }
  EXPECT_LE(now_ - started, kFetchDeadline + seconds(5));
  finish_report("slow_retrieval");
}

// Scenario 23, as a table: what the control plane's key, or who sits between, could try.
TEST_F(ConfigDocuments, EveryAttackIsRefusedByItsNameAndTheLastConfigurationStays) {
  check_in(5, 0);
  const Document mine = runtime(3);
  const DocumentRef listed = ref_of(mine);
  pulled(5, config_with(5, {listed}), {item(mine, sealed(mine))});
  ASSERT_EQ(in_force(), 5U);

  const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  Document elsewhere = runtime(4);
  elsewhere.cluster = ClusterId::random(rng_);
  Document wrong = runtime(4);
  wrong.value = wire::JsonValue::of(R"({"checkin_interval_ms":1})");
  const Document next = runtime(4);
  const auto with = [&](const Document& listed_document, const Document& shown,
                        const std::string& envelope) {
    json i = item(shown, envelope);
    i["sha256"] = to_hex(ref_of(listed_document).sha256);
    return std::pair{config_with(6, {ref_of(listed_document)}), std::vector<json>{i}};
  };
  using Shown = std::pair<std::string, std::vector<json>>;
  const std::vector<std::tuple<const char*, const char*, Shown>> attacks = {
      {"rollback", "rolled_back", {envelope(4), {}}},
      {"fast forward", "fast_forward", {envelope(snapshot::highest_number(wall()) + 1), {}}},
      {"another node's", "wrong_node", {envelope(6, NodeId::random(rng_), cluster_, key_), {}}},
      {"another cluster's",
       "wrong_cluster",
       {envelope(6, node_, ClusterId::random(rng_), key_), {}}},
      {"another key", "bad_envelope", {envelope(6, node_, cluster_, stranger), {}}},
      {"another type", "bad_envelope", {sealed(next), {}}},
      {"an older document", "mix_and_match", with(next, mine, sealed(mine))},
      {"no document", "mix_and_match", {config_with(6, {ref_of(next)}), {}}},
      {"a document of another cluster", "wrong_cluster",
       with(elsewhere, elsewhere, sealed(elsewhere))},
      {"a document that is no such value", "malformed", with(wrong, wrong, sealed(wrong))},
      {"a document of another key", "bad_envelope",
       with(next, next,
            crypto::seal_envelope(stranger, "c1", snapshot::kDocumentType,
                                  as_bytes(to_json(next))))},
      {"a configuration as a document", "bad_envelope", with(next, next, envelope(6))},
  };
  for (const auto& [attack, fault, shown] : attacks) {
    while (!sent(ControlCall::pull_configs)) {
      wake();
      if (sent(ControlCall::checkin)) check_in(6, 0);
    }
    pulled(6, shown.first, shown.second);
    EXPECT_TRUE(reported().starts_with(fault)) << attack << ": " << reported();
    answer(ControlCall::report_config_error, json::object(), 204);
    EXPECT_EQ(in_force(), 5U) << attack;
  }
  // Freeze: the one in force is kept from ageing by nobody.
  issued_at_ = wall() - kValidFor;
  while (!sent(ControlCall::pull_configs)) {
    wake();
    if (sent(ControlCall::checkin)) check_in(6, 0);
  }
  pulled(6, envelope(6), {});
  EXPECT_TRUE(reported().starts_with("expired"));
}

TEST_F(ConfigDocuments, AConfigurationWhoseDocumentsWereLostIsFetchedAgain) {
  check_in(5, 0);
  const Document mine = runtime(3);
  pulled(5, config_with(5, {ref_of(mine)}), {item(mine, sealed(mine))});
  state_.files.erase(std::string(kDocumentsFile));
  restart();
  EXPECT_EQ(in_force(), 0U);
  check_in(5, 0);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have"], 0);
  EXPECT_EQ((*sent(ControlCall::pull_configs))["have_documents"], json::array());
  pulled(5, config_with(5, {ref_of(mine)}), {item(mine, sealed(mine))});
  EXPECT_EQ(in_force(), 5U);
}

}  // namespace
}  // namespace rap::agent
