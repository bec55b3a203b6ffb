// Writes JSON (RFC 8259) from its parts in order, without a tree of it in between: for what passes
// too often or is too long for one. The caller opens and closes; commas come by themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rap {

// A string literal, quotes included; bytes that are not valid UTF-8 become U+FFFD.
std::string quote_json(std::string_view s);
void append_quoted(std::string_view s, std::string& out);  // the same, behind what is there

class JsonWriter {
 public:
  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end(']'); }
  JsonWriter& key(std::string_view name);  // of the member whose value comes next
  JsonWriter& text(std::string_view value);
  JsonWriter& number(std::int64_t value) { return json(std::to_string(value)); }
  JsonWriter& boolean(bool value) { return json(value ? "true" : "false"); }
  JsonWriter& json(std::string_view value);  // a value that is JSON already

  const std::string& str() const { return out_; }
  std::string take() && { return std::move(out_); }

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char bracket);
  void separate();

  std::string out_;
  bool follows_value_ = false;  // in the innermost object or array
};

}  // namespace rap
