#include "node/host/disk_watch.hpp"

#include <algorithm>
#include <system_error>

namespace rap::host {
namespace {

using agent::DiskFault;

// A failed write names its cause as the system does.
DiskFault fault_of(std::string_view why) {
  const auto is = [&](std::errc cause) {
    return why.ends_with(std::generic_category().message(static_cast<int>(cause)));
  };
  if (is(std::errc::no_space_on_device) || why.ends_with("Disk quota exceeded")) {
    return DiskFault::full;
  }
  return is(std::errc::read_only_file_system) ? DiskFault::read_only : DiskFault::failed;
}

}  // namespace

std::expected<std::optional<std::string>, std::string> DiskWatch::read(std::string_view name) {
  return files_.read(name);
}

agent::StoreResult DiskWatch::write(const agent::FileWrite& file) {
  const MonoTime began = clock_();
  auto done = files_.write(file);
  const bool slow = clock_() - began > agent::kSlowWrite;
  if (done && !slow && file.content.size() >= refused_bytes_) {
    fault_.reset();
    refused_bytes_ = 0;
  }
  if (!done || slow) {
    fault_ = done ? DiskFault::slow : fault_of(done.error());
    refused_bytes_ = std::max(refused_bytes_, std::min(file.content.size(), kMaxDiskTrialBytes));
  }
  tried_at_ = clock_();
  return done;
}

agent::StoreResult DiskWatch::remove(std::string_view name) { return files_.remove(name); }

std::expected<std::vector<std::string>, std::string> DiskWatch::list(std::string_view folder) {
  return files_.list(folder);
}

std::optional<DiskFault> DiskWatch::fault() {
  if (!fault_ || clock_() < tried_at_ + kDiskTrialEvery) return fault_;
  const std::string trial(refused_bytes_, '\n');
  if (write({std::string(kDiskTrialFile), trial})) (void)files_.remove(kDiskTrialFile);
  return fault_;
}

}  // namespace rap::host
