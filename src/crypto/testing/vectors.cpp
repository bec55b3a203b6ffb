#include "crypto/testing/vectors.hpp"

#include <fstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"

namespace rap::crypto {

nlohmann::json load_vectors(const std::string& name) {
  std::ifstream file(std::string(RAP_VECTORS_DIR) + "/" + name);
  if (!file) throw std::runtime_error("no test vectors at " + name);
  return nlohmann::json::parse(file);
}

Bytes hex_bytes(const nlohmann::json& text) {
  auto bytes = from_hex(text.get<std::string>());
  if (!bytes) throw std::runtime_error("not hex: " + text.dump());
  return *bytes;
}

}  // namespace rap::crypto
