// Other programs, run in the foreground of the person's terminal.
#pragma once

#include "client/core/programs.hpp"

namespace rap::client {

class ChildPrograms final : public Programs {
 public:
  std::string own_path() const override;
  Fallible<int> run(const std::string& program, const std::vector<std::string>& arguments) override;
};

}  // namespace rap::client
