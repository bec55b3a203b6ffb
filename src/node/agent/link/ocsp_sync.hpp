// Keeps at hand what the issuer says of this node's certificates (CP-5), to be stapled: fetched at
// the start, then about every quarter of an hour or at half of what a response may be relied on, if
// that is sooner. There are two ways: the responder over plain HTTP, and where that gives nothing
// that can be used, the control plane's listener for nodes at once (CP-6); with full-jitter backoff
// while both fail. The last response stays until another takes its place. One that says "revoked"
// is as good as any here: who is shown it refuses us, and that is right.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/backoff.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"
#include "crypto/ocsp/ocsp.hpp"
#include "node/agent/actions.hpp"
#include "node/agent/node_files.hpp"
#include "wire/url.hpp"

namespace rap::agent {

inline constexpr Duration kOcspInterval = std::chrono::minutes{15};
inline constexpr Duration kOcspMinInterval = std::chrono::seconds{1};
inline constexpr int kOcspJitterPercent = 10;  // of the interval, sooner only
inline constexpr Duration kOcspRetryFirst = std::chrono::milliseconds{500};
inline constexpr Duration kOcspRetryCap = std::chrono::seconds{60};
// A response this young need not be fetched again at the start: it came with the certificate.
inline constexpr std::chrono::seconds kOcspYoung{60};

enum class OcspSlot : std::uint8_t { node, worker };
inline constexpr std::size_t kOcspSlots = 2;

enum class OcspWay : std::uint8_t { responder, control_link };

// Send on a connection of its own, over plain HTTP or as this node to the control plane; the answer
// comes back with the same slot.
struct FetchOcsp {
  OcspSlot slot;
  OcspWay way;
  wire::HostPort server;  // the responder
  wire::HttpRequest request;
};
struct StapleChanged {};  // in the state directory
using OcspAction = std::variant<FetchOcsp, StapleChanged, Say>;
using OcspActions = std::vector<OcspAction>;

class OcspSync {
 public:
  OcspSync(NodeId node, NodeFiles& directory, RandomSource& rng)
      : node_(node), directory_(directory), rng_(rng) {}

  // The chain that is shown, leaf first; empty: there is none. Harmless when it is the same.
  void use(OcspSlot slot, const std::vector<crypto::Certificate>& chain, Now now);

  MonoTime next_wakeup() const;
  OcspActions poll(Now now);
  OcspActions on_answer(Now now, OcspSlot slot, const Answer& answer);

 private:
  struct Subject {
    crypto::Certificate leaf;
    crypto::Certificate issuer;
    wire::Url url;
  };
  struct Slot {
    std::optional<Subject> subject;  // none: nobody asks for its status
    std::optional<crypto::OcspReading> stored;
    MonoTime next = MonoTime::max();
    bool outstanding = false;
    OcspWay way = OcspWay::responder;  // of the fetch under way, or of the next
    std::string responder_fault = {};  // why it is asked for by the other way
    bool detour_said = false;
    bool trouble_said = false;
    Backoff backoff{kOcspRetryFirst, kOcspRetryCap};
  };

  using Response = std::expected<std::string, std::string>;  // in DER, or why there is none

  Slot& at(OcspSlot slot) { return slots_[static_cast<std::size_t>(slot)]; }
  Duration interval(const crypto::OcspReading& reading, WallTime now);
  FetchOcsp fetch(OcspSlot name);
  std::expected<crypto::OcspReading, std::string> take(const Slot& slot, const Response& response,
                                                       WallTime now) const;
  OcspActions failed(Now now, OcspSlot name, const std::string& why);

  NodeId node_;
  NodeFiles& directory_;
  RandomSource& rng_;
  std::array<Slot, kOcspSlots> slots_;
};

}  // namespace rap::agent
