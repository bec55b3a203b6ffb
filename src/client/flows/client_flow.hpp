// One of a client's sealed flows: what it stands on, whom it asks, and its end. Internal to
// SealedFlows.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/flows/final_refusals.hpp"
#include "client/flows/flow_ports.hpp"
#include "client/flows/opening_order.hpp"
#include "client/flows/path_search.hpp"
#include "crypto/sealing/sealing.hpp"
#include "node/flow/sealed/sealed_end.hpp"

namespace rap::client {

// A question for a path, from its first try on.
struct AskedPath {
  LinkNumber link = 0;
  std::size_t candidate = 0;
  std::optional<std::uint32_t> label;  // once it was sent
  std::optional<crypto::SealInitiator> handshake;
  std::optional<MonoTime> until;
};

struct ClientFlow final : flow::SealedEndEvents {
  struct PathAt {
    std::uint64_t path = 0;
    LinkNumber link = 0;
    std::uint32_t label = 0;
  };

  ClientFlow(FlowNumber n, SealedFlowUser& u, const Attachment& a, wire::TrafficClass c,
             OpeningOrder o)
      : number(n), user(&u), attachment(a), traffic_class(c), order(std::move(o)) {}

  bool has_path() const { return end != nullptr && end->has_path(); }

  // What its end says, until somebody is told (flow::SealedEndEvents).
  void flow_data(ByteView bytes) override { user->flow_received(bytes); }
  void flow_finished() override { heard_finished = true; }
  void flow_has_room() override { heard_room = true; }
  void path_over(std::uint64_t path, wire::FlowReason reason) override {
    over.push_back(path);
    detail = to_string(reason);
  }
  void flow_ended(wire::FlowEnding how) override {
    heard_end = true;
    ending = how;
  }

  FlowNumber number;
  SealedFlowUser* user;
  Attachment attachment;
  wire::TrafficClass traffic_class;
  OpeningOrder order;
  bool lacks_tokens = false;  // open_again() is waited for
  bool tried_another_link = false;  // with the token that it has
  bool tried_another_egress = false;  // as one said nothing
  KnownEgress egress;  // that is asked, or has it
  std::optional<AskedPath> asks;
  std::optional<MonoTime> ask_at;
  std::string detail;  // of what went wrong last

  // Once it was accepted.
  wire::FlowId id;
  std::unique_ptr<flow::SealedEnd> end;
  std::uint64_t attempts = 0;  // to resume it
  PathSearch search{1, 0};
  FinalRefusals refusals;
  std::vector<PathAt> paths;
  std::optional<MonoTime> away_since;

  bool in_end = false;  // within its end's methods
  std::size_t consumed_meanwhile = 0;
  bool heard_accepted = false;
  bool heard_finished = false;
  bool heard_room = false;
  bool heard_end = false;
  wire::FlowEnding ending;
  std::vector<std::uint64_t> over;
};

// Why a question for a path came to nothing.
struct PathTrouble {
  std::optional<wire::FlowReason> refused;  // none: the entry was not reached, or was lost
  wire::FallbackCause cause = wire::FallbackCause::unreachable;
  std::string detail;
};

}  // namespace rap::client
