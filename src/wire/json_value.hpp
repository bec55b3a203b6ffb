// A parsed JSON value that headers can hold without the parser's own header. It never changes, so
// copies share it: a text is parsed once, however many hands the value passes through.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace rap::wire {

class JsonValue {
 public:
  JsonValue();  // null
  explicit JsonValue(nlohmann::json value);
  // A text of our own; null when it is no JSON. What crossed a trust boundary goes through
  // parse_strict_json.
  static JsonValue of(std::string_view text);

  const nlohmann::json& get() const { return *value_; }
  std::string dump() const;
  bool operator==(const JsonValue& other) const;

 private:
  std::shared_ptr<const nlohmann::json> value_;
};

}  // namespace rap::wire
