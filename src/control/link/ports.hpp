// The ports of the node listener, and those of them that its calls are handed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/log/log.hpp"
#include "base/random.hpp"
#include "control/configuration/cluster_models.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/link/admission.hpp"
#include "control/link/given_configs.hpp"
#include "control/link/shared_answers.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/issuing.hpp"
#include "snapshot/audit_head.hpp"

namespace rap::control {

// A call has no database: it is a part of the transaction in which its node was admitted.
struct NodeCallPorts {
  RandomSource& rng;
  CurrentAuthority& authority;
  ClusterModels& models;
  GivenConfigs& given;
  IssuingPorts issuing;
  Log& log;
  // The signed head of the audit chain that nodes are handed; empty before there is one.
  std::function<std::shared_ptr<const snapshot::SealedAuditHead>()> audit_head = {};
  // What the OCSP responder answers to that request, in DER; empty when there is no responder.
  std::function<std::string(ByteView request, WallTime now)> ocsp_answer = {};
};

struct NodeListenerPorts {
  Database& database;
  AdmissionCache& admission_cache;
  SharedAnswers& answers;
  Metrics& metrics;
  NodeCallPorts calls;
};

}  // namespace rap::control
