// The answer that says what is wrong with a request, as a listener makes it before any handler has
// seen the request (RFC 9457).
#pragma once

#include <string_view>

#include "wire/http/http_message.hpp"

namespace rap::wire {

// `detail` is a sentence for people, and may be empty.
HttpResponse problem_response(int status, std::string_view code, std::string_view title,
                              std::string_view detail = {});

}  // namespace rap::wire
