// The state directory, watched for what becomes of its writes: a disk that is full, read-only or
// slow is said at the next check-in, and said to be over once a write of that size goes well again.
#pragma once

#include <functional>

#include "base/time.hpp"
#include "node/agent/node_files.hpp"

namespace rap::host {

// What is tried anew while the disk does not take what it should.
inline constexpr std::string_view kDiskTrialFile = "disk-trial";
inline constexpr std::chrono::seconds kDiskTrialEvery{10};
inline constexpr std::size_t kMaxDiskTrialBytes = std::size_t{1024} * 1024;

class DiskWatch final : public agent::NodeFiles {
 public:
  DiskWatch(agent::NodeFiles& files, std::function<MonoTime()> clock)
      : files_(files), clock_(std::move(clock)) {}

  std::expected<std::optional<std::string>, std::string> read(std::string_view name) override;
  agent::StoreResult write(const agent::FileWrite& file) override;
  agent::StoreResult remove(std::string_view name) override;
  std::expected<std::vector<std::string>, std::string> list(std::string_view folder) override;

  // What is wrong now. Whoever asks while something is makes it try once more, every now and then.
  std::optional<agent::DiskFault> fault();

 private:
  agent::NodeFiles& files_;
  const std::function<MonoTime()> clock_;
  std::optional<agent::DiskFault> fault_;
  MonoTime tried_at_{};
  std::size_t refused_bytes_ = 0;  // the largest write since it began
};

}  // namespace rap::host
