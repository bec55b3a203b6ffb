// Which egress is asked next for a new flow, and with which token. Each entry that an attachment
// offers comes with one token, which is spent once it was shown; the egresses of the pool come in
// the order that the control plane wants them asked in.
//
// An egress that was reached and did not get to the target is not asked again. What may be the
// fault of the way there is tried by another entry and at another egress. Refusals come in clear,
// which is no matter here: a flow that never was has nothing to lose.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "wire/flow_reason.hpp"

namespace rap::client {

class OpeningOrder {
 public:
  OpeningOrder(std::size_t tokens, std::vector<NodeId> egresses)
      : tokens_(tokens), egresses_(std::move(egresses)) {}

  struct Ask {
    std::size_t token = 0;  // the candidate of that index
    NodeId egress;
  };
  // nullopt: nobody is left to ask, or nothing to ask with.
  std::optional<Ask> next() const;

  // There is one more egress to ask, and a token to ask it with.
  bool has_another() const;

  // The entry was not reached, or was lost before it answered.
  void entry_failed();
  void refused(wire::FlowReason reason);
  // There are other tokens; who refused before is not asked again.
  void renew(std::size_t tokens, std::vector<NodeId> egresses);

  // More tokens may help.
  bool may_go_on() const { return !over_ && (egresses_.empty() || current().has_value()); }
  // What was refused: of several reasons, the one that says most about the target.
  wire::FlowReason verdict() const { return verdict_; }

 private:
  std::optional<std::size_t> current() const;

  std::size_t tokens_;
  std::size_t token_ = 0;
  std::vector<NodeId> egresses_;
  std::size_t egress_ = 0;
  std::vector<NodeId> unreached_;  // they did not get to the target
  bool over_ = false;
  wire::FlowReason verdict_ = wire::FlowReason::no_route;
};

}  // namespace rap::client
