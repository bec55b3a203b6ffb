// Other programs of the person's machine, as the commands see them.
#pragma once

#include <string>
#include <vector>

#include "client/core/failure.hpp"

namespace rap::client {

// Other programs.
class Programs {
 public:
  virtual ~Programs() = default;
  virtual std::string own_path() const = 0;  // of this program
  // Runs it with our terminal, and returns its status (128 + signal when it was killed).
  virtual Fallible<int> run(const std::string& program,
                            const std::vector<std::string>& arguments) = 0;
};

}  // namespace rap::client
