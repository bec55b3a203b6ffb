// Other programs of the person's machine, as the commands see them: ssh above all. What runs them
// is client/terminal/child_programs.hpp.
#pragma once

#include <string>
#include <vector>

#include "client/core/failure.hpp"

namespace rap::client {

class Programs {
 public:
  virtual ~Programs() = default;
  virtual std::string own_path() const = 0;  // of this program
  // The program has our terminal; its status is returned (128 + signal when it was killed).
  virtual Fallible<int> run(const std::string& program,
                            const std::vector<std::string>& arguments) = 0;
};

}  // namespace rap::client
