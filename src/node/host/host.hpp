// What the agent needs of its host: the state directory, and facts for the check-in.
#pragma once

#include <filesystem>

#include "node/agent/enrolment/enrolment_client.hpp"
#include "node/agent/node_files.hpp"

namespace rap::host {

class StateFiles final : public agent::NodeFiles {
 public:
  explicit StateFiles(std::filesystem::path root) : root_(std::move(root)) {}

  std::expected<std::optional<std::string>, std::string> read(std::string_view name) override;
  // Who may read the file may look into its folder.
  agent::StoreResult write(const agent::FileWrite& file) override;
  agent::StoreResult remove(std::string_view name) override;
  std::expected<std::vector<std::string>, std::string> list(std::string_view folder) override;
  // Removes the files of writes that a crash cut short; nobody else may write meanwhile.
  void remove_leftovers();

 private:
  std::filesystem::path root_;
};

agent::HostFacts host_facts();
std::int64_t host_uptime_s();

}  // namespace rap::host
