// The node's side of enrolment: from a join token to a certificate, as a state machine without I/O.
//
//   storing_keys ──► checking_root ──► submitting ──► awaiting_approval ──► storing_identity ──►
//   enrolled
//                         │                │                  │
//                         └────────────────┴──── refused ◄────┘
//
// The first contact is authenticated before anything secret is sent: checking_root fetches the
// trust bundle from whoever answers and goes on only with the root certificate the join token
// pins; every later request is sent under that root. A state whose action fails for a passing
// reason (control plane away, disk full) repeats it with backoff; nothing done so far is lost.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/backoff.hpp"
#include "base/random.hpp"
#include "node/agent/actions.hpp"
#include "node/agent/enrolment/enrolment_plan.hpp"

namespace rap::agent {

inline constexpr Duration kEnrolmentRetryFirst = std::chrono::milliseconds{500};
inline constexpr Duration kEnrolmentRetryCap = std::chrono::seconds{15};
// The approval is a person's: asked often at first, then less and less.
inline constexpr Duration kApprovalPollFirst = std::chrono::milliseconds{300};
inline constexpr Duration kApprovalPollCap = std::chrono::seconds{5};

enum class EnrolmentStage : std::uint8_t {
  storing_keys,
  checking_root,
  submitting,
  awaiting_approval,
  storing_identity,
  enrolled,
  refused,
};

enum class EnrolmentRefusal : std::uint8_t {
  untrusted_control_plane,  // it does not show the root certificate the join token names
  rejected,  // the join token or the request is not accepted
  denied,  // the platform owner said no
};

// Send the request to the control plane's public API. Without a root, to whoever answers there:
// such a request holds no secret.
struct SendEnrolment {
  wire::HttpRequest request;
  std::optional<std::string> root_pem;
};

using EnrolmentAction = std::variant<Store, SendEnrolment, Say>;
using EnrolmentActions = std::vector<EnrolmentAction>;

struct Begin {};
struct Stored {
  StoreResult result;
};
struct Answered {
  Answer answer;
};
struct Woken {};  // next_wakeup() has come
using EnrolmentEvent = std::variant<Begin, Stored, Answered, Woken>;

struct HostFacts {
  std::string hostname;
  std::string os;
  std::string software_version;
};

class EnrolmentClient {
 public:
  EnrolmentClient(EnrolmentPlan plan, HostFacts host, RandomSource& rng);

  EnrolmentActions step(Now now, const EnrolmentEvent& event);
  std::optional<MonoTime> next_wakeup() const { return wakeup_; }

  EnrolmentStage stage() const { return stage_; }
  // Why it was refused, and a sentence that says what to do next; of the stage `refused` only.
  EnrolmentRefusal refusal() const { return refusal_; }
  const std::string& refusal_text() const { return refusal_text_; }
  const EnrolmentRecord& record() const { return plan_.record; }

 private:
  EnrolmentActions enter(EnrolmentStage stage);
  EnrolmentActions retry(Now now, std::string_view event, const std::string& why);
  EnrolmentActions refuse(EnrolmentRefusal reason, std::string text);
  EnrolmentActions on_stored(Now now, const StoreResult& result);
  EnrolmentActions on_answer(Now now, const wire::HttpResponse& response);
  EnrolmentActions on_bundle(const wire::HttpResponse& response);
  EnrolmentActions on_submitted(const wire::HttpResponse& response);
  EnrolmentActions on_status(Now now, const wire::HttpResponse& response);
  EnrolmentActions on_approved(Now now, const wire::HttpResponse& response);
  wire::HttpRequest submission() const;
  wire::HttpRequest status_request() const;

  EnrolmentPlan plan_;
  HostFacts host_;
  RandomSource& rng_;
  EnrolmentStage stage_ = EnrolmentStage::storing_keys;
  Backoff failures_{kEnrolmentRetryFirst, kEnrolmentRetryCap};
  Duration poll_interval_ = kApprovalPollFirst;
  std::optional<MonoTime> wakeup_;
  std::string root_pem_;  // proven against the pinned fingerprint
  std::vector<FileWrite> unsaved_;  // what the present storing_* state writes
  EnrolmentRefusal refusal_{};
  std::string refusal_text_;
};

}  // namespace rap::agent
