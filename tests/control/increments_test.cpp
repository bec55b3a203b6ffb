// Increments as rap-control makes them: from a configuration it still knows how to build.
#include <gtest/gtest.h>

#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/increment.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

class Increments : public ::testing::Test {
 protected:
  static std::string payload_of(const json& envelope, std::string_view type) {
    const auto& key = ControlPlane::authority().config_key;
    const auto payload =
        crypto::open_envelope(envelope.get<std::string>(), type, {{key.kid, key.key.public_key()}});
    EXPECT_TRUE(payload);
    return payload ? std::string(as_text(*payload)) : "";
  }
  json pull(const json& have) {
    const Answered a = w.control->node_call(seed().egress, "configs/pull", have);
    EXPECT_EQ(a.status, 200) << a.text;
    return in(a, "configs")[0];
  }
  static json having(const std::string& payload) {
    const auto config = snapshot::parse_node_config(payload);
    EXPECT_TRUE(config);
    return {{"have", config->version},
            {"have_sha256", crypto::sha256_hex(as_bytes(payload))},
            {"have_issued_at", config->issued_at},
            {"refresh", true}};
  }
  void change(const std::string& name) {
    const json resource = {{"name", name},
                           {"protocol", "tcp"},
                           {"host", "10.0.0.9"},
                           {"port", 80},
                           {"egress_pool", "pool-alpha"}};
    ASSERT_EQ(w.as("admin@alpha", "POST", "organizations/alpha/resources", resource).status, 201);
  }

  SeededWorld w;
};

TEST_F(Increments, LeadFromWhatANodeHasToWhatItWouldHaveBeenGivenInFull) {
  std::string held = payload_of(pull({{"have", 0}})["envelope"], snapshot::kNodeConfigType);
  for (int i = 0; i < 3; ++i) {
    change("more-" + std::to_string(i));
    w.control->now += std::chrono::seconds(7);
    const json item = pull(having(held));
    ASSERT_TRUE(item.contains("increment")) << item;
    EXPECT_FALSE(item.contains("envelope"));
    const auto increment = snapshot::parse_increment(item["increment"].get<std::string>());
    ASSERT_TRUE(increment) << increment.error();
    const auto applied = snapshot::apply_patch(wire::JsonValue::of(held), increment->patch);
    ASSERT_TRUE(applied);
    const std::string result = applied->dump();
    EXPECT_EQ(crypto::sha256_hex(as_bytes(result)), item["sha256"].get<std::string>());
    const json whole = pull({{"have", 0}});
    EXPECT_EQ(result, payload_of(whole["envelope"], snapshot::kNodeConfigType));
    EXPECT_EQ(crypto::put_in_envelope(snapshot::kNodeConfigType, as_bytes(result),
                                      increment->signatures.dump()),
              whole["envelope"].get<std::string>());
    EXPECT_LT(item["increment"].get<std::string>().size(),
              whole["envelope"].get<std::string>().size());
    held = result;
  }
}

TEST_F(Increments, AreMadeFromNothingElseThanWhatTheNodeReallyHas) {
  const std::string held = payload_of(pull({{"have", 0}})["envelope"], snapshot::kNodeConfigType);
  change("one-more");
  json other = having(held);
  other["have_sha256"] = std::string(64, '0');
  EXPECT_TRUE(pull(other).contains("envelope"));
  json later = having(held);
  later["have_issued_at"] = later["have_issued_at"].get<std::int64_t>() + 1;
  EXPECT_TRUE(pull(later).contains("envelope"));
  for (std::size_t i = 0; i <= kMaxHeldModels; ++i) {
    change("again-" + std::to_string(i));
    pull({{"have", 0}});
  }
  EXPECT_TRUE(pull(having(held)).contains("envelope")) << "the base is not held any more";
}

}  // namespace
}  // namespace rap::store
