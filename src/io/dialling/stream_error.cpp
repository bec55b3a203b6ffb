#include "io/dialling/stream_error.hpp"

namespace rap::io {

std::string_view to_string(StreamError::Kind kind) {
  switch (kind) {
    case StreamError::Kind::none: return "closed";
    case StreamError::Kind::unreachable: return "unreachable";
    case StreamError::Kind::refused: return "refused";
    case StreamError::Kind::denied: return "denied";
    case StreamError::Kind::busy: return "busy";
    case StreamError::Kind::timeout: return "timeout";
    case StreamError::Kind::tls: return "tls";
    case StreamError::Kind::reset: return "reset";
    case StreamError::Kind::overflow: return "overflow";
    case StreamError::Kind::flood: return "flood";
  }
  return "";
}

}  // namespace rap::io
