// What rap-fabric is told of who this node is: the keys and certificates of the state directory
// that it needs, and nothing else of what is there.
#pragma once

#include <expected>
#include <string>

#include "node/agent/enrolment/enrolment_record.hpp"
#include "node/agent/node_files.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::agent {

// The error is a sentence that names the file.
std::expected<wire::Identify, std::string> fabric_identity(NodeFiles& state,
                                                           const EnrolmentRecord& record);

}  // namespace rap::agent
