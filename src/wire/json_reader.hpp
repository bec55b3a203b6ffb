// Strict reading of JSON (RFC 8259) that crossed a trust boundary: an object has exactly the
// members its reader asks for, each once, of the asked type and within its limit.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/ids.hpp"

namespace rap::wire {

inline constexpr std::size_t kMaxJsonDepth = 16;

// nullopt for anything but one JSON value in UTF-8 without a byte order mark, without duplicate
// members, at most `max_depth` deep. The caller bounds the size of the text.
std::optional<nlohmann::json> parse_strict_json(std::string_view text,
                                                std::size_t max_depth = kMaxJsonDepth);

// The first thing that was wrong, as a sentence that names the member: 'member "peers[3].node" is
// missing'. Shared by the readers of one document.
class JsonFault {
 public:
  bool any() const { return !text_.empty(); }
  const std::string& text() const { return text_; }
  void set(std::string text) {
    if (text_.empty()) text_ = std::move(text);
  }

 private:
  std::string text_;
};

// Reads one object. A member that is missing or wrong sets the fault and yields an empty value, so
// that a decoder reads all its members and checks the fault once; finish() refuses the members that
// nobody asked for. The value must outlive the reader.
class JsonReader {
 public:
  // `path` is where the object stands in its document: "" for the document, or "peers[3]".
  JsonReader(const nlohmann::json& value, std::string path, JsonFault& fault);

  std::string text(std::string_view name, std::size_t max_bytes);
  std::int64_t integer(std::string_view name, std::int64_t min, std::int64_t max);
  bool boolean(std::string_view name);
  template <class IdType>
  IdType id(std::string_view name) {
    auto parsed = IdType::parse(text(name, kUuidBytes));
    if (!parsed) wrong(name, "must be a UUID in lower case");
    return parsed.value_or(IdType{});
  }
  // A member that is read by a reader of its own; an empty object when it is missing or none.
  const nlohmann::json& object(std::string_view name);
  // The items of an array; an empty array when it is missing or too long.
  const nlohmann::json& array(std::string_view name, std::size_t max_items);
  // The value of a string item, or a fault that names it.
  std::string item_text(std::string_view name, std::size_t index, const nlohmann::json& item,
                        std::size_t max_bytes);
  // "peers" and 3 give "peers[3]" in front of which this reader's own path stands.
  std::string item_path(std::string_view name, std::size_t index) const;

  // Sets the fault 'member "<path>.<name>" <what>'.
  void wrong(std::string_view name, std::string_view what);
  void finish();

 private:
  static constexpr std::size_t kUuidBytes = 36;

  const nlohmann::json* member(std::string_view name);
  std::string member_path(std::string_view name) const;

  const nlohmann::json* value_;
  std::string path_;
  JsonFault& fault_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace rap::wire
