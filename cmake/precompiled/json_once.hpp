// JSON as it is precompiled for the files that see it (cmake/RapPrecompiled.cmake): what each of
// them would instantiate anew is instantiated once, in json_once.cpp.
#pragma once

#include <nlohmann/json.hpp>

#ifndef RAP_JSON_ONCE
#define RAP_JSON_ONCE extern template
#endif

RAP_JSON_ONCE class nlohmann::basic_json<>;

NLOHMANN_JSON_NAMESPACE_BEGIN
namespace detail {
// json::parse() of a std::string, and of a std::string_view.
using StringInput = iterator_input_adapter<std::string::const_iterator>;
using ViewInput = iterator_input_adapter<std::string_view::const_iterator>;
RAP_JSON_ONCE class serializer<json>;
RAP_JSON_ONCE class json_sax_dom_parser<json>;
RAP_JSON_ONCE class lexer<json, StringInput>;
RAP_JSON_ONCE class lexer<json, ViewInput>;
RAP_JSON_ONCE class parser<json, StringInput>;
RAP_JSON_ONCE class parser<json, ViewInput>;
}  // namespace detail
NLOHMANN_JSON_NAMESPACE_END
