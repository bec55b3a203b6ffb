#include "snapshot/configuration/config_texts.hpp"

#include <nlohmann/json.hpp>

namespace rap::snapshot {
namespace {

// The two members that say whose it is stand side by side in to_json(), so that another owner's
// take their place in its text; what is made so is compared with to_json() by a test.
std::string owner_members(const NodeConfig& config) {
  return "\"node\":\"" + config.node.str() +
         "\",\"node_name\":" + nlohmann::json(config.node_name).dump() + ",";
}

}  // namespace

std::string ConfigTexts::text_of(const NodeConfig& config) {
  const std::string before = owner_members(last_);
  last_.node = config.node;
  last_.node_name = config.node_name;
  const std::size_t at = last_ == config ? text_.find(before) : std::string::npos;
  alike_ = at != std::string::npos;
  if (alike_) {
    text_.replace(at, before.size(), owner_members(config));
  } else {
    last_ = config;
    text_ = to_json(config);
  }
  return text_;
}

}  // namespace rap::snapshot
