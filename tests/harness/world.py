"""A whole fabric on one machine: control plane, entry, relay, egress, an organization, a person and
a resource. What the tests of a file share."""

import contextlib
import json
import shutil

from harness import folder, sanitizers, tokens
from harness.addresses import OneHost
from harness.control import OWNER_EMAIL, OWNER_PASSWORD, Control, reachable_by_postgres
from harness.node import Node
from harness.rap import Rap
from harness.targets import Echo
from harness.wait import until

USER_EMAIL = "alice@acme.test"
USER_PASSWORD = "a long enough password"
ORGANIZATION = "acme"
POOL = "Office"
ROLES = {"entry-1": ["entry"], "relay-1": ["relay"], "egress-1": ["egress"]}


def enrol(owner, node):
    """Join token, agent start, approval: the node is a member, without a role yet."""
    token = owner.post("join-tokens", node_name=node.name)["join_token"]
    node.start(token)
    pending = node.agent.wait_for(
        lambda: [e for e in owner.get("enrolments?state=pending")["items"]
                 if e["node_name"] == node.name],
        f"the enrolment of {node.name}")
    owner.post(f"enrolments/{pending[0]['id']}/approve")


class World:
    """`hosts` says where each program runs: control, entry-1, relay-1, egress-1, target;
    `make_node` how a node is run."""

    def __init__(self, *, nodes=True, hosts=None, control_options=(), make_node=Node):
        self.folder = reachable_by_postgres(folder.make())
        self.hosts = hosts or OneHost()
        self.make_node = make_node
        self.address = self.hosts.address("target")
        self._open = contextlib.ExitStack()
        self._open.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self._open.callback(sanitizers.assert_silent, self.folder)
        self.nodes = {}
        try:
            self.control = Control(self.folder, self.hosts.address("control"),
                                   prefix=self.hosts.prefix("control"),
                                   serve_options=control_options)
            self._open.callback(self.control.stop)
            self.control.init()
            self.control.serve()
            self.owner = self.control.owner()
            if nodes:
                self._build()
        except BaseException:
            self.close()
            raise

    def _build(self):
        for name in ROLES:
            self.add_node(name)
        for node in self.nodes.values():
            enrol(self.owner, node)
        for name, roles in ROLES.items():
            self.owner.put(f"nodes/{name}/roles", roles=roles)
        owner = self.owner
        owner.post("organizations", name=ORGANIZATION)
        owner.post("users", email=USER_EMAIL, password=USER_PASSWORD)
        owner.post(f"organizations/{ORGANIZATION}/members", email=USER_EMAIL,
                   role="organization_user")
        owner.post(f"organizations/{ORGANIZATION}/egress-pools", name=POOL)
        owner.put(f"organizations/{ORGANIZATION}/egress-pools/{POOL}/nodes/egress-1")
        # Tests have their targets on loopback, which egresses open by name only; with it the
        # control plane's own address, where everything is on one host.
        owner.put("configs/egress_target_ranges",
                  value={"allow": ["127.0.0.0/8", self.hosts.address("control")]})
        if isinstance(self.hosts, OneHost):
            self.echo = Echo(self.address)
            self._open.callback(self.echo.close)
            self.add_resource("echo", self.echo.address, self.echo.port)
        self.wait_settled()

    @property
    def cluster(self):
        """The cluster's id, as every certificate names it."""
        token = self.owner.post("join-tokens", node_name="cluster-probe")["join_token"]
        return json.loads(tokens.unb64(token.removeprefix("rapjt1.")))["cluster"]

    def add_member(self, name, roles=()):
        """An enrolled and approved node that runs."""
        node = self.add_node(name)
        enrol(self.owner, node)
        if roles:
            self.owner.put(f"nodes/{name}/roles", roles=list(roles))
        chain = node.state / "identity" / "chain.pem"
        node.agent.wait_for(chain.exists, f"the certificate of {name}")
        return node

    def add_node(self, name):
        node = self.make_node(self.folder, name, self.hosts.address(name),
                              prefix=self.hosts.prefix(name))
        self.nodes[name] = node
        self._open.callback(node.stop)
        return node

    def add_resource(self, name, host, port, protocol="tcp", grant=True, **more):
        self.owner.post(f"organizations/{ORGANIZATION}/resources", name=name, protocol=protocol,
                        host=host, port=port, egress_pool=POOL, **more)
        if grant:
            self.owner.post(f"organizations/{ORGANIZATION}/resources/{name}/grants",
                            email=USER_EMAIL)

    def channels(self):
        return self.owner.get("channels")["items"]

    def links(self):
        """Pairs of node names whose channel both ends report as established."""
        seen = [(c["node_name"], c["peer_name"]) for c in self.channels()
                if c["state"] == "established"]
        return {frozenset(pair) for pair in seen if pair[::-1] in seen}

    def wait_settled(self, links=2, timeout=30):
        """Entry and egress each reach the relay, and every node runs the newest configuration."""
        until(lambda: len(self.links()) >= links and self.configured(),
              lambda: f"{links} established channels: {self.channels()}; "
                      f"nodes: {self.owner.get('nodes')['items']}", timeout)

    def configured(self):
        """Whether every node has acknowledged the newest configuration."""
        return all(node["config_version"] == node["wanted_config_version"]
                   for node in self.owner.get("nodes")["items"] if node["name"] in ROLES)

    def person(self, name="alice", email=USER_EMAIL, password=USER_PASSWORD):
        rap = Rap(self.folder / f"home-{name}")
        rap.login(self.control.url, email, password, self.control.root_ca)
        return rap

    def platform_owner(self):
        """The platform owner's command line."""
        return self.person("owner", OWNER_EMAIL, OWNER_PASSWORD)

    def user(self, device=None):
        return self.control.api().as_user(USER_EMAIL, USER_PASSWORD, device)

    def close(self):
        self._open.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
