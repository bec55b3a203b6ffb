// What many nodes ask alike and are answered alike, as long as nothing they ask about has changed:
// one asks the database, the others are answered with the same.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "control/link/admission.hpp"

namespace rap::control {

class SharedAnswers {
 public:
  virtual ~SharedAnswers() = default;
  // The JSON that answered the same question at the same versions; null when nobody was answered
  // yet.
  virtual std::shared_ptr<const std::string> find(std::string_view operation,
                                                  std::string_view question,
                                                  const ClusterVersions& versions) = 0;
  // `versions` is from before the answer was made.
  virtual void keep(std::string_view operation, std::string_view question,
                    const ClusterVersions& versions, const std::string& answer) = 0;
};

}  // namespace rap::control
