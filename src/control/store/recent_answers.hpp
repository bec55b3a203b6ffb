// Answers that nodes share, of the last versions only, for all threads that answer nodes.
#pragma once

#include <map>
#include <mutex>

#include "control/link/shared_answers.hpp"

namespace rap::store {

// Nodes that were away ask from cursors of their own; most ask from the newest or the one before.
inline constexpr std::size_t kMaxSharedAnswers = 256;
inline constexpr std::size_t kMaxSharedQuestion = 1024;  // bytes

class RecentAnswers final : public control::SharedAnswers {
 public:
  std::shared_ptr<const std::string> find(std::string_view operation, std::string_view question,
                                          const control::ClusterVersions& versions) override;
  void keep(std::string_view operation, std::string_view question,
            const control::ClusterVersions& versions, const std::string& answer) override;

 private:
  std::mutex mutex_;
  control::ClusterVersions versions_;  // of all that is kept
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const std::string>> answers_;
};

}  // namespace rap::store
