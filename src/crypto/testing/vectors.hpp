// Reads the files below tests/vectors, for tests.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/bytes.hpp"

namespace rap::crypto {

nlohmann::json load_vectors(const std::string& name);  // throws when there is no such file
Bytes hex_bytes(const nlohmann::json& text);           // throws when it is not hex

}  // namespace rap::crypto
