#include "control/store/recent_answers.hpp"

namespace rap::store {

std::shared_ptr<const std::string> RecentAnswers::find(std::string_view operation,
                                                       std::string_view question,
                                                       const control::ClusterVersions& versions) {
  if (question.size() > kMaxSharedQuestion) return nullptr;
  const std::lock_guard lock(mutex_);
  if (versions_ != versions) return nullptr;
  const auto found = answers_.find({std::string(operation), std::string(question)});
  return found == answers_.end() ? nullptr : found->second;
}

void RecentAnswers::keep(std::string_view operation, std::string_view question,
                         const control::ClusterVersions& versions, const std::string& answer) {
  if (question.size() > kMaxSharedQuestion) return;
  const std::lock_guard lock(mutex_);
  if (versions_ != versions || answers_.size() >= kMaxSharedAnswers) {
    answers_.clear();
    versions_ = versions;
  }
  answers_[{std::string(operation), std::string(question)}] =
      std::make_shared<const std::string>(answer);
}

}  // namespace rap::store
