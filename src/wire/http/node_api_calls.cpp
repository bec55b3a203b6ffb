#include "wire/http/node_api_calls.hpp"

#include "wire/http/http_message.hpp"

namespace rap::wire {

std::string path_of(NodeApiCall call, std::initializer_list<std::string_view> values) {
  std::string path;
  std::string_view rest = kind_of(call).path;
  for (const std::string_view value : values) {
    const std::size_t open = rest.find('{');
    if (open == rest.npos) break;
    path += rest.substr(0, open);
    path += percent_encode(value);
    rest.remove_prefix(rest.find('}', open) + 1);
  }
  return path.append(rest);
}

}  // namespace rap::wire
