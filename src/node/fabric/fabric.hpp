// The data plane of one node: listeners, lanes to neighbours, clients and targets around a router.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "adapters/tcp/tcp_adapter.hpp"
#include "base/log/cluster_log.hpp"
#include "io/http/server/metrics_endpoint.hpp"
#include "io/listeners/tls_listener.hpp"
#include "io/loop/event_loop.hpp"
#include "io/system/service_manager.hpp"
#include "io/system/system.hpp"
#include "node/fabric/agent_link.hpp"
#include "node/fabric/channels/channel_context.hpp"
#include "node/fabric/channels/channels.hpp"
#include "node/fabric/channels/peer_memory.hpp"
#include "node/fabric/client_session.hpp"
#include "node/fabric/fabric_metrics.hpp"
#include "node/fabric/identity.hpp"
#include "node/fabric/observing.hpp"
#include "node/fabric/settings.hpp"
#include "node/fabric/target_gate.hpp"
#include "node/router/router.hpp"
#include "policy/slot_table.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/values/channel_policy.hpp"

namespace rap::fabric {

class Fabric final : private router::LinkPort, private ClientOwner {
 public:
  // `on_end` is called when the agent asks it to end.
  Fabric(io::EventLoop& loop, Settings settings, ClusterLog& cluster_log, Log& log,
         std::function<void()> on_end);
  ~Fabric() override;

  // Says goodbye on every channel; `done` is called when they are closed or the time is up.
  void shut_down(std::function<void()> done);

 private:
  void configure(const snapshot::NodeConfig& config,
                 const std::vector<snapshot::Document>& documents);
  void apply_settings(const snapshot::RuntimeSettings& settings);
  // False: there is no identity, or the revocations cannot be used; what was in use before stays.
  bool renew_trust(const snapshot::NodeConfig& config);
  void identify(const wire::Identify& said);
  void security_changed();
  void control_changed(bool reachable);
  void clock_measured(std::chrono::seconds ahead);
  void open_listeners();
  void listener_failed(std::string_view name, const Address& at, const std::system_error& why);
  void note(std::optional<wire::SecurityEvent> event);
  // Asks the gate, and notes what it denies.
  bool may_open(const adapters::ResourceRequest& request, const policy::IpAddress& address);
  void update_context();
  void accept_client(std::unique_ptr<io::Stream> stream);
  void make_way(const policy::SlotTable::MadeWayList& gone);
  void cut_idle_strangers(MonoTime now);
  void tick();
  void publish_metrics(MonoTime now);

  void flush(router::LinkId link) override;
  void read_on(router::LinkId client) override;
  void left(router::LinkId link) override;
  void wake_at(MonoTime when) override;
  void routes_at(MonoTime when) override;
  void client_upgraded(ClientSession& session) override;
  void client_proven(ClientSession& session, UserId user) override;
  void client_holds(ClientSession& session, std::size_t bytes) override;
  void client_at_fault(ClientSession&, ClientFault fault) override {
    ++client_faults_[static_cast<std::size_t>(fault)];
  }
  void client_over(ClientSession& session) override;
  void set_sender(router::LinkId link, LinkSender* sender);

  io::EventLoop& loop_;
  Settings settings_;
  ClusterLog& cluster_log_;  // below the log, and told of which cluster that is
  Log& log_;
  io::SystemRandom random_;
  const MonoTime started_ = io::mono_now();
  const io::ServiceManager service_manager_;
  // The router may ask for these until it is gone.
  io::Timer waker_;
  io::Timer route_timer_;
  TargetGate targets_;
  adapters::TcpAdapter tcp_;
  router::Router router_;
  snapshot::NodeConfig config_;
  snapshot::RuntimeSettings limits_;
  std::optional<Identity> identity_;
  bool configured_ = false;
  snapshot::ChannelPolicy channel_policy_;
  std::optional<WallTime> control_away_since_ = kNeverHeard;
  channel::ConfigAuthority authority_ = channel::ConfigAuthority::expired;
  bool shutting_down_ = false;
  std::function<void()> shut_down_done_;

  std::shared_ptr<const crypto::TlsContext> client_tls_;  // towards clients; null: no certificate
  bool said_no_worker_ = false;
  std::shared_ptr<const crypto::TlsContext> accept_tls_;  // towards nodes that dial
  std::unique_ptr<io::TlsListener> fabric_listener_;
  std::unique_ptr<io::TlsListener> client_listener_;
  FailedListeners failed_listeners_;

  struct Client {
    policy::SlotTable::Id slot = 0;
    std::string source;
    std::unique_ptr<ClientSession> session;
  };
  std::unordered_map<ClientSession*, Client> clients_;
  std::unordered_map<policy::SlotTable::Id, ClientSession*> client_slots_;
  policy::SlotTable::Id next_client_ = 1;
  policy::SlotTable slots_;  // of clients
  policy::SlotTable held_;  // bytes of strangers' upgrades and messages that are not whole
  ClientFaults client_faults_{};
  std::vector<LinkSender*> senders_;  // by LinkId
  Channels channels_;
  PeerMemory peer_memory_;
  std::unique_ptr<io::MetricsEndpoint> metrics_;
  io::Timer ticker_;
  io::Timer shut_down_timer_;
  AgentLink agent_;
};

}  // namespace rap::fabric
