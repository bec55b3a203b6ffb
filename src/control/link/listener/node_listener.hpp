// The node listener (CP-1): what nodes ask of the control plane over mutual TLS. The certificate
// says which node asks; the path must name the same one.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "control/link/admission.hpp"
#include "control/link/node_route.hpp"

namespace rap::control {

class NodeListener {
 public:
  explicit NodeListener(NodeListenerPorts ports);

  // It may be called from any thread, and never throws.
  wire::HttpResponse handle(const wire::HttpRequest& request, WallTime now);
  // Acknowledgements of many nodes at once, in one transaction of them all; whatever else is among
  // them, or cannot be part of it, is handled by itself. The answers are in the requests' order.
  std::vector<wire::HttpResponse> handle_together(std::span<const wire::HttpRequest> requests,
                                                  WallTime now);

  NodeExecutor executor_of(const wire::HttpRequest& request) const;

  const std::vector<NodeRoute>& routes() const { return routes_; }

 private:
  std::vector<bool> acknowledge(std::span<const wire::HttpRequest> requests, WallTime now);
  Outcome<Reply> answer(const Match<NodeRoute>& match, const wire::HttpRequest& request,
                        WallTime now);
  std::optional<ClusterVersions> versions_for(const NodeRoute& route, NodeId id,
                                              const wire::HttpRequest& request);
  std::optional<Reply> answer_of_memory(const NodeRoute& route, NodeId id,
                                        const wire::HttpRequest& request,
                                        const ClusterVersions& versions, const nlohmann::json& body,
                                        WallTime now);
  Outcome<NodeId> name_caller(const wire::HttpRequest& request,
                              std::optional<std::string_view> path_id) const;
  Outcome<std::pair<Node, NodeAdmission>> admit(Transaction& tx, NodeId id,
                                                const wire::HttpRequest& request, WallTime now);

  NodeListenerPorts ports_;
  std::vector<NodeRoute> routes_;
};

}  // namespace rap::control
