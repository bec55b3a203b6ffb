// Objects by content hash (CP-1; RFC 9110: conditional requests and ranges). A node sees what its
// own configuration lists and nothing else: the rest does not exist for it.
#include "base/encoding.hpp"
#include "control/configuration/cluster_models.hpp"
#include "control/link/pulls/config_calls.hpp"
#include "wire/http/byte_range.hpp"

namespace rap::control {
namespace {

constexpr int kNotModified = 304;
constexpr int kPartialContent = 206;
constexpr int kRangeNotSatisfiable = 416;

std::unexpected<Problem> no_object() {
  return refuse(ProblemCode::object_not_found,
                "There is no such object; pull the configuration again.");
}

const std::string* find_object(const ClusterState& cluster, NodeId node, std::string_view name) {
  const snapshot::ModelNode* self = cluster.index.find(node);
  if (self == nullptr) return nullptr;
  const snapshot::GivenDocuments given = cluster.index.documents_for(*self);
  for (const snapshot::IndexedDocument* document : given.list) {
    if (to_hex(document->ref.sha256) == name) return &cluster.envelopes.at(document->ref.sha256);
  }
  return nullptr;
}

}  // namespace

Outcome<Reply> get_object(const NodeCallPorts& ports, const NodeCall& call) {
  if (call.path("kind") != wire::kConfigObjects) return no_object();
  const auto cluster =
      ports.models.at_least(call.tx, call.admitted.config_version, ports.authority.get(), call.now);
  const std::string* bytes =
      cluster ? find_object(*cluster, call.node.id, call.path("name")) : nullptr;
  if (bytes == nullptr) return no_object();

  // The same document signed by another key is another representation.
  const std::string etag =
      "\"" + call.path("name") + "." + cluster->authority->config_key.kid + "\"";
  Reply out{.body = "", .content_type = "application/vnd.dsse.envelope.v1+json"};
  out.headers = {{"etag", etag}, {"accept-ranges", "bytes"}};
  if (call.request.header("if-none-match").find(etag) != std::string_view::npos ||
      call.request.header("if-none-match") == "*") {
    out.status = kNotModified;
    return out;
  }
  const std::string_view condition = call.request.header("if-range");
  const bool in_part = condition.empty() || condition == etag;
  const auto range =
      in_part ? wire::parse_range(call.request.header("range"), bytes->size()) : wire::ByteRange{};
  switch (range.kind) {
    case wire::ByteRange::Kind::whole: out.body = *bytes; break;
    case wire::ByteRange::Kind::part:
      out.status = kPartialContent;
      out.body = bytes->substr(range.first, range.count);
      out.headers.emplace_back("content-range", content_range(range, bytes->size()));
      break;
    case wire::ByteRange::Kind::unsatisfiable:
      out.status = kRangeNotSatisfiable;
      out.headers.emplace_back("content-range", content_range(range, bytes->size()));
      break;
  }
  return out;
}

}  // namespace rap::control
