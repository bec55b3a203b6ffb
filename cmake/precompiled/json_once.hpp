// JSON as it is precompiled for the files that see it (cmake/RapPrecompiled.cmake): what each of
// them would instantiate anew is instantiated once, in json_once.cpp.
#pragma once

#include <nlohmann/json.hpp>

// Declared as specializations, these functions are not looked into by the files that call them:
// `extern template` would instantiate them in each, for they are inline.
#ifndef RAP_JSON_ONCE
#define RAP_JSON_ONCE template <>
#define RAP_JSON_TEMPLATE_ONCE \
  template <>                  \
  template <>
#endif

NLOHMANN_JSON_NAMESPACE_BEGIN
RAP_JSON_ONCE std::string json::dump(int, char, bool, error_handler_t) const;
RAP_JSON_ONCE json::basic_json(initializer_list_t, bool, value_t);
RAP_JSON_ONCE json::basic_json(const json&);
RAP_JSON_ONCE void json::json_value::destroy(value_t);
RAP_JSON_TEMPLATE_ONCE json json::parse(const std::string&, parser_callback_t, bool, bool);
RAP_JSON_TEMPLATE_ONCE json json::parse(std::string&, parser_callback_t, bool, bool);
RAP_JSON_TEMPLATE_ONCE json json::parse(std::string&&, parser_callback_t, bool, bool);
RAP_JSON_TEMPLATE_ONCE json json::parse(const std::string_view&, parser_callback_t, bool, bool);
RAP_JSON_TEMPLATE_ONCE json json::parse(std::string_view&, parser_callback_t, bool, bool);
RAP_JSON_ONCE bool json::operator==(const json&) const noexcept;
RAP_JSON_ONCE void detail::serializer<json>::dump(const json&, bool, bool, unsigned, unsigned);
NLOHMANN_JSON_NAMESPACE_END
