// What listeners count, as metrics.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "base/metrics_text.hpp"
#include "io/stream/tls_listener.hpp"

namespace rap::io {

// Families "handshakes_…" with the listener as a label; one that is null is left out.
void write_handshakes(
    MetricsText& text,
    std::initializer_list<std::pair<std::string_view, const TlsListenerCounters*>> listeners);

}  // namespace rap::io
