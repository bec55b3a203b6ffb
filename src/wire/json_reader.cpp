#include "wire/json_reader.hpp"

#include <vector>

#include <nlohmann/json.hpp>

namespace rap::wire {

using Json = nlohmann::json;

namespace {

// Builds the value of a text and stops at a duplicate member or too much depth. (The library's own
// parser with a callback could watch for these, but takes quadratic time for a long array of
// objects.)
class StrictBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit StrictBuilder(std::size_t max_depth) : max_depth_(max_depth) {}
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool v) override { return put(v) != nullptr; }
  bool number_integer(number_integer_t v) override { return put(v) != nullptr; }
  bool number_unsigned(number_unsigned_t v) override { return put(v) != nullptr; }
  bool number_float(number_float_t v, const string_t&) override { return put(v) != nullptr; }
  bool string(string_t& v) override { return put(std::move(v)) != nullptr; }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    auto& members = open_.back()->get_ref<Json::object_t&>();
    const auto [place, is_new] = members.emplace(std::move(name), nullptr);
    member_ = &place->second;
    return is_new;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  // Where the value went. Only the innermost open value grows, so those around it stay in place.
  Json* put(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_array()) {
      auto& items = open_.back()->get_ref<Json::array_t&>();
      items.push_back(std::move(value));
      return &items.back();
    }
    *member_ = std::move(value);
    return member_;
  }
  bool open(Json value) {
    if (open_.size() == max_depth_) return false;
    open_.push_back(put(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::size_t max_depth_;
  Json root_;
  std::vector<Json*> open_;  // outermost first
  Json* member_ = nullptr;   // of the innermost object: its value comes next
};

}  // namespace

std::optional<Json> parse_strict_json(std::string_view text, std::size_t max_depth) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) return std::nullopt;
  StrictBuilder builder(max_depth);
  if (!Json::sax_parse(text, &builder)) return std::nullopt;
  return builder.take();
}

JsonReader::JsonReader(const Json& value, std::string path, JsonFault& fault)
    : value_(&value), path_(std::move(path)), fault_(fault) {
  if (!value.is_object()) {
    fault_.set(path_.empty() ? "the document must be a JSON object"
                             : "member \"" + path_ + "\" must be an object");
  }
}

std::string JsonReader::member_path(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

std::string JsonReader::item_path(std::string_view name, std::size_t index) const {
  return member_path(name) + "[" + std::to_string(index) + "]";
}

void JsonReader::wrong(std::string_view name, std::string_view what) {
  fault_.set("member \"" + member_path(name) + "\" " + std::string(what));
}

const Json* JsonReader::member(std::string_view name) {
  asked_.emplace(name);
  if (!value_->is_object()) return nullptr;
  const auto found = value_->find(name);
  if (found == value_->end()) {
    wrong(name, "is missing");
    return nullptr;
  }
  return &*found;
}

std::string JsonReader::text(std::string_view name, std::size_t max_bytes) {
  const Json* value = member(name);
  if (value == nullptr) return {};
  if (!value->is_string()) {
    wrong(name, "must be a string");
    return {};
  }
  const auto& content = value->get_ref<const std::string&>();
  if (content.size() > max_bytes) {
    wrong(name, "is longer than " + std::to_string(max_bytes) + " bytes");
    return {};
  }
  return content;
}

std::int64_t JsonReader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const Json* value = member(name);
  if (value == nullptr) return 0;
  // Above 2^63 the library has an unsigned value, which the conversion would turn negative.
  const bool fits = value->is_number_unsigned()
                        ? std::cmp_less_equal(value->get<std::uint64_t>(), INT64_MAX)
                        : value->is_number_integer();
  if (!fits || value->get<std::int64_t>() < min || value->get<std::int64_t>() > max) {
    wrong(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
    return 0;
  }
  return value->get<std::int64_t>();
}

bool JsonReader::boolean(std::string_view name) {
  const Json* value = member(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) {
    wrong(name, "must be true or false");
    return false;
  }
  return value->get<bool>();
}

const Json& JsonReader::object(std::string_view name) {
  static const Json kEmpty = Json::object();
  const Json* value = member(name);
  if (value == nullptr) return kEmpty;
  if (!value->is_object()) {
    wrong(name, "must be an object");
    return kEmpty;
  }
  return *value;
}

const Json& JsonReader::array(std::string_view name, std::size_t max_items) {
  static const Json kEmpty = Json::array();
  const Json* value = member(name);
  if (value == nullptr) return kEmpty;
  if (!value->is_array()) {
    wrong(name, "must be an array");
    return kEmpty;
  }
  if (value->size() > max_items) {
    wrong(name, "has more than " + std::to_string(max_items) + " items");
    return kEmpty;
  }
  return *value;
}

std::string JsonReader::item_text(std::string_view name, std::size_t index, const Json& item,
                                  std::size_t max_bytes) {
  const std::string where = std::string(name) + "[" + std::to_string(index) + "]";
  if (!item.is_string()) {
    wrong(where, "must be a string");
    return {};
  }
  const auto& content = item.get_ref<const std::string&>();
  if (content.size() > max_bytes) {
    wrong(where, "is longer than " + std::to_string(max_bytes) + " bytes");
    return {};
  }
  return content;
}

void JsonReader::finish() {
  if (!value_->is_object()) return;
  for (const auto& [name, value] : value_->items()) {
    if (!asked_.contains(name)) wrong(name, "is unknown");
  }
}

}  // namespace rap::wire
