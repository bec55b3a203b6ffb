#include "wire/json_value.hpp"

#include <nlohmann/json.hpp>

namespace rap::wire {

using Json = nlohmann::json;

JsonValue::JsonValue() : JsonValue(Json()) {}

JsonValue::JsonValue(Json value) : value_(std::make_shared<const Json>(std::move(value))) {}

JsonValue JsonValue::of(std::string_view text) {
  Json value = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? JsonValue() : JsonValue(std::move(value));
}

std::string JsonValue::dump() const { return value_->dump(); }

bool JsonValue::operator==(const JsonValue& other) const {
  return value_ == other.value_ || *value_ == *other.value_;
}

}  // namespace rap::wire
