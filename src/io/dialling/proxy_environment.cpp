#include "io/dialling/proxy_environment.hpp"

#include <cstdlib>
#include <initializer_list>

namespace rap::io {
namespace {

std::string first_of(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

dialling::ProxyChoice proxy_from_environment(const std::string& host, std::uint16_t port) {
  return dialling::choose_proxy(first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
                                first_of({"no_proxy", "NO_PROXY"}), host, port);
}

}  // namespace rap::io
