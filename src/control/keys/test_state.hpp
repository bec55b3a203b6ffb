// For tests: a state directory with the keys of a new platform in it, and whoever brings the root's
// key back to prepare a rotation.
#pragma once

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "control/keys/state_directory.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::control::server {

struct TestState {
  TestState() {
    EXPECT_TRUE(state.create(rng));
    EXPECT_TRUE(state.create_pki({"control.example", "127.0.0.1"}, now, rng));
  }

  std::filesystem::path pki() const { return state.home() / "pki"; }
  Authority authority() const { return state.load_authority().value(); }

  // Its error, or the empty string.
  std::string prepare(const std::string& out = "new.key") {
    const auto key = crypto::PrivateKey::from_pem(io::read_file(state.root_key()).value()).value();
    const Authority active = authority();
    const auto made = state.next_trust().prepare(active, {active.roots.front(), key},
                                                 (folder / out).string(), now, rng);
    return made ? std::string{} : made.error();
  }

  static constexpr WallTime now = from_unix(1'800'000'000);
  io::TestDirectory folder;
  SeededRandom rng{1};
  StateDirectory state{folder / "state"};
};

}  // namespace rap::control::server
