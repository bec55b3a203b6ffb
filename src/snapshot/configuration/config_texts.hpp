// The texts of configurations of one moment, made one after the other: those of nodes of one kind
// differ in whose they are and in nothing else, and such a text is made from the last one.
#pragma once

#include <string>

#include "snapshot/configuration/node_config.hpp"

namespace rap::snapshot {

class ConfigTexts {
 public:
  // The same as to_json().
  std::string text_of(const NodeConfig& config);
  // Whether the last one differed in nothing else from the one before.
  bool was_alike() const { return alike_; }

 private:
  NodeConfig last_;
  std::string text_;
  bool alike_ = false;
};

}  // namespace rap::snapshot
