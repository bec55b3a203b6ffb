#include "client/access/access_commands.hpp"

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <tuple>

#include "base/encoding.hpp"
#include "base/log/printable.hpp"
#include "base/try.hpp"
#include "client/access/host_key_store.hpp"
#include "client/access/session_commands.hpp"
#include "client/access/ssh_commands.hpp"
#include "client/api/api_types.hpp"
#include "client/api/attachment.hpp"
#include "client/core/printable_json.hpp"
#include "policy/addresses/ip_address.hpp"
#include "policy/protocols.hpp"
#include "wire/class_names.hpp"

namespace rap::client {

using nlohmann::json;

namespace {

struct Target {
  std::string resource;
  std::string organization;
  std::string session;  // to attach to instead of making one
  bool unpinned = false;  // ssh is told to take a host key on first use
  std::string traffic_class = "input";
};

void add_target(CLI::App& command, Target& target) {
  command
      .add_option("--organization", target.organization,
                  "The resource's organization; needed when you belong to several")
      ->type_name("ORG");
  command.add_option("RESOURCE", target.resource, "Name or id of the resource")
      ->required()
      ->type_name("");
}

// The classes that flows to a resource of any protocol may have.
std::vector<std::string> flow_classes() {
  wire::TrafficClassSet classes;
  for (const policy::ProtocolKind& kind : policy::protocol_kinds()) {
    classes = classes.join(kind.classes);
  }
  const auto names = wire::names_of(classes);
  return {names.begin(), names.end()};
}

void add_class(CLI::App& command, Target& target) {
  command.add_option("--class", target.traffic_class, "input for typing, file_transfer for bulk")
      ->type_name("CLASS")
      ->check(CLI::IsMember(flow_classes()))
      ->capture_default_str();
}

template <class Request>
void name_keys(World& world, Request& request) {
  const ClientPublicKeys keys = world.data_plane.public_keys();
  request.client_keys = {.flow_key = to_base64url(keys.flow),
                         .proof_key = to_base64url(keys.proof)};
}

// The call for a session, or for one more attachment to the one that is given.
ApiCall attachment_call(World& world, const Target& target, const Account& account,
                        std::size_t flows = 1) {
  const auto version = account.deny_lists->known_version();
  if (!target.session.empty()) {
    op::CreateAttachmentRequest request{.deny_list_version = version};
    name_keys(world, request);
    if (flows > 1) request.flows = static_cast<std::int64_t>(flows);
    return op::create_attachment(target.session, request);
  }
  op::CreateSessionRequest request{.deny_list_version = version, .resource = target.resource};
  name_keys(world, request);
  if (!target.organization.empty()) request.organization = target.organization;
  return op::create_session(request);
}

Fallible<Attachment> attach(World& world, ApiClient& api, const Target& target, Account& account) {
  const auto answer = api.ask(attachment_call(world, target, account));
  if (!answer) {
    return fail(answer.error().code, target.resource + ": " + answer.error().text);
  }
  account.roots_pem = api.roots_pem().value_or(account.roots_pem);  // they may be newer now
  auto attachment = read_attachment(*answer, account, world.now);
  if (!attachment && target.session.empty()) {
    // Nobody goes by it, and who would be asked about it later knows nothing of it.
    if (const auto made = op::as<op::CreateSessionAnswer>(answer)) {
      std::ignore = api.ask(op::terminate_session(made->session.id));
    }
  }
  return attachment;
}

// A report that fails is nobody's concern: the person heard of them already.
void report_fallbacks(ApiClient& api, const std::string& session_id,
                      const std::vector<Fallback>& fallbacks) {
  if (fallbacks.empty()) return;
  op::ReportFallbacksRequest request;
  for (const Fallback& f : fallbacks) {
    request.items.push_back({.cause = std::string(to_string(f.cause)), .entry = f.entry});
  }
  std::ignore = api.ask(op::report_fallbacks(session_id, request));
}

// The control plane ends forgotten sessions too: a failure here is nobody's concern.
void leave(World& world, ApiClient& api, const std::string& session_id) {
  report_fallbacks(api, session_id, world.data_plane.take_fallbacks());
  std::ignore = api.ask(op::terminate_session(session_id));
}

using MoreTokens = std::function<Fallible<Attachment>()>;

// The session of one command: made at its start unless the caller had one, ended at its end.
template <class Work>
auto with_session(World& world, const Target& target, Work work)
    -> decltype(work(std::declval<const Account&>(), std::declval<const Attachment&>(),
                     std::declval<const MoreTokens&>())) {
  auto account = RAP_TRY(signed_in(world.home, world.now));
  ApiClient api(world.network, account, world.home);
  world.data_plane.hold_signals();
  const auto attachment = RAP_TRY(attach(world, api, target, account));
  const MoreTokens more = [&] {
    Target existing = target;
    existing.session = attachment.session_id;
    return attach(world, api, existing, account);
  };
  auto result = work(account, attachment, more);
  if (target.session.empty()) {
    leave(world, api, attachment.session_id);
  } else {
    report_fallbacks(api, attachment.session_id, world.data_plane.take_fallbacks());
  }
  return result;
}

Fallible<int> proxy(World& world, const Target& target) {
  return with_session(world, target,
                      [&](const Account& account, const Attachment& attachment,
                          const MoreTokens& more) -> Fallible<int> {
                        if (target.unpinned && attachment.ssh_host_key) {
                          return fail(ExitCode::untrusted,
                                      attachment.resource +
                                          " has a pinned host key by now. Run the command again, "
                                          "or 'rap ssh-config' for a new configuration of ssh.");
                        }
                        // The key is pinned before a byte of the server's comes, because ssh looks
                        // it up then.
                        RAP_TRY(pin_host_key(world.home, attachment));
                        const auto c = wire::traffic_class_from(target.traffic_class).value();
                        RAP_TRY(world.data_plane.proxy(account, attachment, c, more));
                        return 0;
                      });
}

// The session of a forward, in this home.
class HomeForward final : public ForwardSession {
 public:
  HomeForward(World& world, const Target& target, Account account, std::string session_id)
      : world_(world),
        target_(target),
        account_(std::move(account)),
        session_id_(std::move(session_id)) {}

  // The deny list stays the same object while it is verified under the same roots.
  Fallible<Account> account(WallTime now) override {
    auto found = RAP_TRY(signed_in(world_.home, now));
    if (found.roots_pem == account_.roots_pem) found.deny_lists = account_.deny_lists;
    account_ = std::move(found);
    return account_;
  }
  ApiCall attach(const Account& account, std::size_t flows) override {
    Target existing = target_;
    existing.session = session_id_;
    return attachment_call(world_, existing, account, flows);
  }
  ApiCall start(const Account& account) override {
    return attachment_call(world_, target_, account);
  }
  void started(const Attachment& first) override { session_id_ = first.session_id; }

  // What a person who signed in again is, and the session that is theirs now.
  const Account& last_account() const { return account_; }
  const std::string& session_id() const { return session_id_; }

 private:
  World& world_;
  const Target& target_;
  Account account_;
  std::string session_id_;
};

void announce(World& world, const Attachment& attachment, const wire::HostPort& address) {
  if (world.json) {
    const json said = {{"listening", address.str()},
                       {"resource", attachment.resource},
                       {"session_id", attachment.session_id}};
    world.out << printable_json(said) << std::endl;
  } else {
    world.out << "Listening on " << address.str() << " for " << printable(attachment.resource)
              << "; end with Ctrl-C." << std::endl;
  }
}

// IP:PORT, where port 0 takes a free one. Of names only "localhost" is an address whatever the
// machine has been told: looked up, any other may lead to several, or to another one tomorrow.
Fallible<wire::HostPort> listen_address(const std::string& text) {
  static constexpr std::string_view kAnyPort = ":0";
  const bool any_port = text.ends_with(kAnyPort);
  auto where = wire::parse_host_port(any_port ? text.substr(0, text.size() - 1) + "1" : text);
  if (!where) return fail(ExitCode::usage, "--listen takes IP:PORT.");
  if (any_port) where->port = 0;
  if (where->host == "localhost") where->host = "127.0.0.1";
  if (!policy::IpAddress::parse(where->host)) {
    return fail(ExitCode::usage, "--listen takes IP:PORT, and '" + where->host +
                                     "' is no IP address. 127.0.0.1 is for this machine alone.");
  }
  return *where;
}

Fallible<int> forward(World& world, const Target& target, const std::string& listen) {
  const auto where = RAP_TRY(listen_address(listen));
  auto account = RAP_TRY(signed_in(world.home, world.now));
  ApiClient api(world.network, account, world.home);
  world.data_plane.hold_signals();
  const auto first = RAP_TRY(attach(world, api, target, account));
  HomeForward session(world, target, account, first.session_id);
  const auto result = world.data_plane.forward(
      session, account, first, wire::traffic_class_from(target.traffic_class).value(), where,
      [&](const wire::HostPort& address) { announce(world, first, address); });
  ApiClient farewell(world.network, session.last_account(), world.home);
  leave(world, farewell, session.session_id());
  if (!result) return std::unexpected(result.error());
  return 0;
}

void add_proxy(CLI::App& root, Invocation& invocation) {
  auto target = std::make_shared<Target>();
  auto* command = add_command(root, invocation, "proxy",
                              "Join standard input and output to a resource (for ssh's "
                              "ProxyCommand)");
  add_class(*command, *target);
  command->add_flag("--unpinned", target->unpinned,
                    "Refuse when the resource has a pinned host key (for ssh that takes any on "
                    "first use)");
  command->add_option("--session", target->session, "Attach to this session")->type_name("ID");
  add_target(*command, *target);
  command->callback(
      [&invocation, target] { invocation.run = [target](World& w) { return proxy(w, *target); }; });
}

void add_forward(CLI::App& root, Invocation& invocation) {
  struct Arguments {
    Target target;
    std::string listen = "127.0.0.1:0";
  };
  auto args = std::make_shared<Arguments>();
  auto* command =
      add_command(root, invocation, "forward", "Listen on a local port that leads to a resource");
  add_class(*command, args->target);
  command->add_option("--listen", args->listen, "Where to listen; port 0 takes a free one")
      ->type_name("IP:PORT")
      ->capture_default_str();
  add_target(*command, args->target);
  command->callback([&invocation, args] {
    invocation.run = [args](World& w) { return forward(w, args->target, args->listen); };
  });
}

}  // namespace

void add_access_commands(CLI::App& root, Invocation& invocation) {
  add_ssh_commands(root, invocation);
  add_proxy(root, invocation);
  add_forward(root, invocation);
  add_session_commands(root, invocation);
}

}  // namespace rap::client
