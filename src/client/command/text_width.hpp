// How many columns of a terminal a text takes: wide characters take two, combining ones none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rap::client {

// A byte that belongs to no character of UTF-8 takes one.
std::size_t text_width(std::string_view text);

// The text in lines of at most `width` columns, broken behind spaces and commas. A word that is
// longer stays whole: names and ids are to be copied.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// The width of the longest such word.
std::size_t widest_word(std::string_view text);

}  // namespace rap::client
