// Metrics in Prometheus' exposition format, one family after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace rap {

class MetricsText {
 public:
  explicit MetricsText(std::string_view prefix) : prefix_(prefix) {}  // every name begins with it

  // The samples after it belong to this family. `type` is counter or gauge.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = prefix_ + std::string(name);
    out_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
            std::string(type) + "\n";
  }
  void sample(std::string_view value, std::string_view labels = "") {
    out_ += name_;
    if (!labels.empty()) out_ += "{" + std::string(labels) + "}";
    out_ += " " + std::string(value) + "\n";
  }
  void sample(std::uint64_t value, std::string_view labels = "") {
    sample(std::to_string(value), labels);
  }
  void seconds(Duration d, std::string_view labels = "") {
    sample(std::to_string(std::chrono::duration<double>(d).count()), labels);
  }
  // A family of one.
  void one(std::string_view name, std::string_view type, std::string_view help,
           std::uint64_t value) {
    family(name, type, help);
    sample(value);
  }
  std::string take() { return std::move(out_); }

 private:
  const std::string prefix_;
  std::string name_;
  std::string out_;
};

// One of a sample's labels; several are joined with commas. `value` needs no escapes.
inline std::string metrics_label(std::string_view name, std::string_view value) {
  return std::string(name) + "=\"" + std::string(value) + "\"";
}

}  // namespace rap
