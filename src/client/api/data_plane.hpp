// The port to the data plane: how bytes get from this machine to a resource.
#pragma once

#include <functional>
#include <string>

#include "client/api/api_client.hpp"
#include "client/api/attachment.hpp"
#include "client/api/client_public_keys.hpp"
#include "client/api/entry_fallback.hpp"
#include "client/core/failure.hpp"
#include "client/core/profile.hpp"
#include "wire/flow_reason.hpp"
#include "wire/traffic_class.hpp"
#include "wire/url.hpp"

namespace rap::client {

// What a forward stands on for as long as somebody wants it: the person, who may sign in again
// meanwhile, and a session, in whose place comes another when the control plane ended it.
class ForwardSession {
 public:
  virtual ~ForwardSession() = default;
  virtual Fallible<Account> account(WallTime now) = 0;
  // Asks for an attachment to the session there is, with tokens for so many flows.
  virtual ApiCall attach(const Account& account, std::size_t flows) = 0;
  virtual ApiCall start(const Account& account) = 0;  // another session
  virtual void started(const Attachment& first) = 0;  // with this attachment
};

class DataPlane {
 public:
  virtual ~DataPlane() = default;

  // Called before a session is asked for. From then on what would end the program waits for proxy()
  // or forward(), which then return at once, and for the program's end after them: the session is
  // ended in any case.
  virtual void hold_signals() = 0;

  // What the control plane is to name in tokens and grants.
  virtual ClientPublicKeys public_keys() = 0;

  // Standard input and output are one flow until both directions have ended. `more` gives another
  // attachment to the session when the tokens of this one are spent.
  virtual Fallible<void> proxy(const Account& account, const Attachment& attachment,
                               wire::TrafficClass c,
                               const std::function<Fallible<Attachment>()>& more) = 0;

  // Each connection to the listener has a flow of its own; `first` is the attachment the session
  // came with. `listening` hears the real address once. The person ends it.
  virtual Fallible<void> forward(ForwardSession& session, const Account& account,
                                 const Attachment& first, wire::TrafficClass c,
                                 const wire::HostPort& listen,
                                 const std::function<void(const wire::HostPort&)>& listening) = 0;

  // The entries that were passed over since it was asked last.
  virtual std::vector<Fallback> take_fallbacks() = 0;
};

}  // namespace rap::client
