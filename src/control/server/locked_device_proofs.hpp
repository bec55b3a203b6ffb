// The memory of used proofs, shared by the threads of the API, by the machine's steady clock.
#pragma once

#include <mutex>

#include "control/people/signing_in/device_proofs.hpp"
#include "control/people/signing_in/proof_memory.hpp"
#include "io/system/system.hpp"

namespace rap::control::server {

class LockedDeviceProofs final : public control::DeviceProofs {
 public:
  explicit LockedDeviceProofs(RandomSource& rng) : memory_(rng) {}

  Outcome<void> check(const crypto::DeviceProof& proof, WallTime now) override {
    std::lock_guard lock(mutex_);
    return memory_.check(proof, io::mono_now(), now);
  }
  Outcome<void> use(const crypto::DeviceProof& proof, UserId user, WallTime now) override {
    std::lock_guard lock(mutex_);
    return memory_.use(proof, user, io::mono_now(), now);
  }

 private:
  std::mutex mutex_;
  control::ProofMemory memory_;
};

}  // namespace rap::control::server
