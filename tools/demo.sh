#!/usr/bin/env bash
# Brings up a whole fabric on this machine and reaches a real SSH server through it.
# Running it again takes up where the last run stopped; nothing is done twice.
#
# usage: tools/demo.sh          bring it up and show it
#        tools/demo.sh stop     stop everything it started, keep its state
#        tools/demo.sh reset    stop, and forget everything
set -Eeuo pipefail
cd "$(dirname "$0")/.."

# A build that is there is taken with RAP_DEMO_BUILD=DIRECTORY.
readonly bin=${RAP_DEMO_BUILD:-$PWD/build/release}/bin
# Short, for a Unix socket's path has 108 bytes; outside a home, for PostgreSQL's own user must
# reach it when the demo is run by root.
readonly state=${RAP_DEMO_STATE:-/var/tmp/rap-demo-$UID}
readonly nodes=(entry-1 relay-1 egress-1)
readonly organization=acme pool=Office resource=office-ssh
readonly owner=owner@demo.test user=alice@acme.test
# Four times what an idle machine takes, as in the tests (tests/harness/wait.py).
readonly ready_timeout_s=$((60 * ${RAP_PATIENCE:-4})) payload_mib=64

step='start' log='' lock=
began=$SECONDS

say() { if [[ -t 1 ]]; then printf '\033[1m%s\033[0m\n' "$*"; else echo "$*"; fi; }
# step NAME [LOG]: what we are doing now, and where to look when it fails.
step() {
  step=$1 log=${2-}
  printf '[%3d s] %s\n' $((SECONDS - began)) "$step"
}
failed() {
  local status=$?
  trap - ERR
  {
    echo
    echo "demo failed at: $step"
    if [[ -n $log && -s $log ]]; then
      echo "the last lines of $log:"
      tail -n 12 "$log" | cut -c 1-300 | sed 's/^/    /'
    fi
    echo "All logs are in $state/logs."
    echo "'make demo' goes on from here; 'tools/demo.sh reset' forgets everything to start over."
  } >&2
  exit "$((status ? status : 1))"
}
trap failed ERR
fail() { echo "$*" >&2; false; }

# ---- processes ------------------------------------------------------------------------------
pid_of() { cat "$state/run/$1.pid" 2>/dev/null || true; }
# names_state PID: does its command line name our state directory?
names_state() {
  local arguments=()
  mapfile -d '' -t arguments 2>/dev/null <"/proc/$1/cmdline" || return 1
  [[ "${arguments[*]-}" == *"$state"/* ]]
}
running() {
  local pid
  pid=$(pid_of "$1")
  [[ -n $pid ]] && names_state "$pid"
}
# start NAME COMMAND...: in the background with a log and a pid file, unless it runs already.
start() {
  local name=$1
  shift
  running "$name" && return
  setsid "$@" </dev/null >>"$state/logs/$name.log" 2>&1 {lock}>&- &
  echo $! >"$state/run/$name.pid"
  disown
}
stop_pid() {
  local pid=$1 signal=${2:-TERM} tries
  [[ -n $pid ]] && kill -"$signal" "$pid" 2>/dev/null || return 0
  for ((tries = 0; tries < 100; tries++)); do
    names_state "$pid" || return 0  # a zombie names nothing
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}
# until_ok WHAT COMMAND...: polls until the command succeeds.
until_ok() {
  local what=$1 deadline=$((SECONDS + ready_timeout_s))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "waited $ready_timeout_s s for $what"
    sleep 0.1
  done
}
# has_ended NAME: it is gone, or a zombie. Until it is executed its command line is this script's,
# which `running` does not know.
has_ended() {
  local line=
  { IFS= read -r -d '' line <"/proc/$(pid_of "$1")/cmdline"; } 2>/dev/null || true
  [[ -z $line ]]
}
# until_up NAME COMMAND...: the same of what `start` started, which must not end meanwhile.
until_up() {
  local name=$1
  shift
  up_or_gone() { "$@" || has_ended "$name"; }
  until_ok "$name" up_or_gone "$@"
  "$@" >/dev/null 2>&1 || fail "$name ended"
}

# In a directory of everybody's the name may have been taken by somebody else, who would then choose
# what is written, removed and ended here.
state_is_ours() {
  if [[ ! -e $state && ! -L $state ]]; then
    # Another demo may be quicker.
    mkdir -m 755 "$state" 2>/dev/null || [[ -d $state ]] || mkdir -m 755 "$state" || return 1
  fi
  [[ -d $state && ! -L $state && -O $state && -z $(find "$state" -maxdepth 0 -perm /022) ]]
}
use_state() {
  state_is_ours || {
    trap - ERR
    echo "demo: $state is not a directory of this user's that nobody else can write to;" \
      'remove it, or choose another one with RAP_DEMO_STATE' >&2
    exit 1
  }
}

stop_all() {
  local name path pid
  # Agents first, for they would start their fabric again; the database after those who use it.
  for name in rap-node-agent rap-fabric rap-control postgres sshd ssh-agent; do
    for path in /proc/[0-9]*; do
      pid=${path#/proc/}
      # Nobody but root may read what ssh-agent runs (it is setgid): the name is enough.
      if names_state "$pid" && [[ $(cat "$path/comm" 2>/dev/null) == "$name" ]]; then
        stop_pid "$pid" "$([[ $name == postgres ]] && echo INT || echo TERM)"
      fi
    done
  done
  rm -f "$state"/run/*.pid
}

# ---- small tools ----------------------------------------------------------------------------
# free_port NAME: chosen once, then remembered, for certificates and configurations name it. Ports
# of the ephemeral range would be somebody's outgoing connection by the next time.
free_port() {
  local file=$state/run/$1.port
  [[ -s $file ]] || /usr/bin/python3 -c '
import pathlib, random, socket
first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
while True:
    s = socket.socket()
    try:
        s.bind(("127.0.0.1", random.randrange(10000, max(first, 10100))))
        break
    except OSError:
        s.close()
print(s.getsockname()[1])' >"$file"
  cat "$file"
}
# may_listen NAME PORT...: unless it runs already, nobody else may have its ports.
may_listen() {
  local name=$1 port
  shift
  running "$name" && return
  for port in "$@"; do
    /usr/bin/python3 -c '
import socket, sys
socket.create_server(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null ||
      fail "another program has port $port of 127.0.0.1 ('ss -ltnp sport = :$port' names it)." \
        "Stop it;" \
        "or let 'tools/demo.sh reset' forget everything, and other ports be chosen."
  done
}
secret() {  # secret NAME: a password made once
  local file=$state/$1.password
  [[ -s $file ]] || (umask 077 && openssl rand -base64 18 >"$file")
  cat "$file"
}
# json EXPRESSION: a Python expression over the JSON on standard input, called `it`.
json() { /usr/bin/python3 -c "import json,sys; it=json.load(sys.stdin); print($1)"; }

as_owner() { RAP_HOME=$state/home-owner "$bin/rap" "$@"; }
as_user() { RAP_HOME=$state/home-alice SSH_AUTH_SOCK=$state/ssh-agent.sock "$bin/rap" "$@"; }
admin() { as_owner admin "$@" >>"$state/logs/admin.log" 2>&1; }
# listed EXPRESSION WORDS...: is there an item in the list that `rap admin WORDS` prints?
listed() {
  local expression=$1
  shift
  [[ $(as_owner admin "$@" --json | json "any($expression for x in it['items'])") == True ]]
}

# ---- the parts of the fabric ----------------------------------------------------------------
start_control() {
  local api node ocsp
  api=$(free_port api) node=$(free_port node) ocsp=$(free_port ocsp)
  if [[ ! -e $state/control/.initialized ]]; then
    rm -rf "$state/control"
    "$bin/rap-control" init --state "$state/control" --host 127.0.0.1 --host localhost \
      --owner-email "$owner" --owner-password-stdin <<<"$(secret owner)" \
      >>"$state/logs/control.log" 2>&1
    touch "$state/control/.initialized"
  fi
  may_listen control "$api" "$node" "$ocsp"
  running control || rm -f "$state/control/run/ports.json"
  start control "$bin/rap-control" serve --state "$state/control" --listen "127.0.0.1:$api" \
    --node-listen "127.0.0.1:$node" --ocsp-listen "127.0.0.1:$ocsp" \
    --public-url "https://127.0.0.1:$api" --node-url "127.0.0.1:$node"
  until_up control test -s "$state/control/run/ports.json"
}

login() {  # login HOME EMAIL PASSWORD
  local roots=("$state"/control/clusters/*/pki/root.crt)
  RAP_HOME=$1 "$bin/rap" whoami >/dev/null 2>&1 && return
  RAP_HOME=$1 "$bin/rap" login --server "https://127.0.0.1:$(free_port api)" --email "$2" \
    --password-stdin --ca-file "${roots[0]}" <<<"$3"
}

start_sshd() {
  local dir=$state/sshd port
  port=$(free_port sshd)
  mkdir -p "$dir"
  [[ -e $dir/host_key ]] || ssh-keygen -q -t ed25519 -N '' -C office -f "$dir/host_key"
  [[ -e $dir/user_key ]] || ssh-keygen -q -t ed25519 -N '' -C alice -f "$dir/user_key"
  ((EUID)) || mkdir -p /run/sshd
  cat >"$dir/sshd_config" <<CONFIG
ListenAddress 127.0.0.1:$port
HostKey $dir/host_key
AuthorizedKeysFile $dir/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
Subsystem sftp internal-sftp
CONFIG
  may_listen sshd "$port"
  start sshd /usr/sbin/sshd -D -e -f "$dir/sshd_config"
  start ssh-agent ssh-agent -D -a "$state/ssh-agent.sock"
  # Its socket is there before it listens.
  until_up ssh-agent env SSH_AUTH_SOCK="$state/ssh-agent.sock" ssh-add -q "$dir/user_key"
}

fabric_of() {  # fabric_of NODE: the process of its data plane, if it runs
  local pid
  pid=$(cat "$state/$1/fabric.pid" 2>/dev/null || true)
  [[ -n $pid ]] && names_state "$pid" && echo "$pid"
  true
}
enrol() {  # enrol NODE: start its agent; with a join token and an approval when it is new
  local node=$1 join=() data fabric
  data=$(free_port "$node-data") fabric=$(free_port "$node-fabric")
  if [[ ! -e $state/$node/identity/chain.pem ]] && ! running "$node"; then
    (umask 077 && as_owner admin join-tokens create --node "$node" --json |
      json 'it["join_token"]' >"$state/run/$node.join")
    join=(--join-token-file "$state/run/$node.join")
  fi
  # Its fabric outlives it, and then has them rightly.
  [[ -n $(fabric_of "$node") ]] || may_listen "$node" "$data" "$fabric"
  start "$node" "$bin/rap-node-agent" --state "$state/$node" "${join[@]}" \
    --data-plane-listen "127.0.0.1:$data" --data-plane-advertise "127.0.0.1:$data" \
    --fabric-listen "127.0.0.1:$fabric" --fabric-advertise "127.0.0.1:$fabric" \
    --fabric-bin "$bin/rap-fabric" --checkin-interval-ms 500
  if [[ ! -e $state/$node/identity/chain.pem ]]; then
    until_ok "the enrolment request of $node" listed "x['node_name'] == '$node'" enrolments list
    admin enrolments approve "$node"
    until_ok "the certificate of $node" test -e "$state/$node/identity/chain.pem"
  fi
}

set_up_tenant() {
  listed "x['name'] == '$organization'" organizations list ||
    admin organizations create "$organization"
  listed "x['email'] == '$user'" users list ||
    admin users create "$user" --password-stdin <<<"$(secret alice)"
  listed "x['email'] == '$user'" members list "$organization" ||
    admin members add "$organization" "$user" --role organization_user
  listed "x['name'] == '$pool'" pools list "$organization" ||
    admin pools create "$organization" "$pool"
  admin pools add-node "$organization" "$pool" egress-1
  # Egresses open no loopback address by themselves, nor the control plane's: both are 127.0.0.1.
  echo '{"allow": ["127.0.0.1"]}' >"$state/target-ranges.json"
  admin configs get egress_target_ranges >/dev/null 2>&1 ||
    admin configs set egress_target_ranges "$state/target-ranges.json"
  listed "x['name'] == '$resource'" resources list "$organization" ||
    admin resources create "$organization" "$resource" --protocol ssh --host 127.0.0.1 \
      --port "$(free_port sshd)" --pool "$pool" \
      --ssh-host-key "$(cut -d ' ' -f 1,2 "$state/sshd/host_key.pub")"
  listed "x['email'] == '$user'" grants list "$organization" "$resource" ||
    admin grants add "$organization" "$resource" "$user"
}

copy_through() {  # a file there and back through the fabric, by stock scp
  local there=$state/payload.there back=$state/payload.back to
  to=$(id -un)@$organization-$resource
  local options=(-q -i "$state/sshd/user_key" -o "UserKnownHostsFile=$state/scp_known_hosts"
    -o StrictHostKeyChecking=yes -o HostKeyAlias="$organization-$resource"
    -o ProxyCommand="$bin/rap proxy --class file_transfer $resource")
  echo "$organization-$resource $(cut -d ' ' -f 1,2 "$state/sshd/host_key.pub")" \
    >"$state/scp_known_hosts"
  rm -f "$there" "$back"
  RAP_HOME=$state/home-alice scp "${options[@]}" "$state/payload" "$to:$there"
  RAP_HOME=$state/home-alice scp "${options[@]}" "$to:$there" "$back"
  sha256sum "$state/payload" "$there" "$back" | tee -a "$state/logs/scp.log"
  [[ $(sha256sum "$state/payload" "$there" "$back" | cut -d ' ' -f 1 | sort -u | wc -l) == 1 ]] ||
    fail "the checksums differ"
}

picture() {
  local entry relay
  entry=$(free_port entry-1-data) relay=$(free_port relay-1-fabric)
  cat <<PICTURE

  alice             entry-1            relay-1            egress-1          office-ssh
  +---------+ TLS   +------------+mTLS +------------+mTLS +------------+TCP +------+
  | rap ssh |------>| rap-fabric |---->| rap-fabric |<----| rap-fabric |--->| sshd |
  +---------+ WSS   +------------+     +------------+     +------------+    +------+
                    :$entry             :$relay             dials out
                           \\__________________|__________________/
                                              | mTLS: enrolment, configuration, commands
                          rap-control :$(free_port api) with a private PostgreSQL

PICTURE
}

show() {
  say "What just happened"
  picture
  say "What alice, a member of '$organization', can see: resources, and no topology"
  echo "\$ rap resources"
  as_user resources
  echo
  say "What the platform owner can see: rap admin channels"
  as_owner admin channels
  echo
  say "Go on by hand"
  cat <<HINTS
  export RAP_HOME=$state/home-alice SSH_AUTH_SOCK=$state/ssh-agent.sock PATH=$bin:\$PATH
  rap ssh $resource                      a shell on the office's server
  rap forward $resource                  a local port that leads there
  rap sessions
  RAP_HOME=$state/home-owner rap admin audit list
  logs: $state/logs

  make demo-stop                         stop all of it
HINTS
}

up() {
  mkdir -p "$state"/{run,logs} && chmod 755 "$state"
  # Of two at once the second waits, and finds everything done.
  exec {lock}>"$state/run/lock"
  if ! flock -n "$lock"; then
    echo "another 'make demo' is at work here; waiting for it"
    flock "$lock"
  fi

  step 'install packages'
  tools/packages.sh build test demo
  if [[ -z ${RAP_DEMO_BUILD-} ]]; then
    step 'build (the first time takes some minutes)' "$state/logs/build.log"
    { cmake --preset release &&
      cmake --build --preset release --target rap-control rap-node-agent rap-fabric rap; } \
      >"$state/logs/build.log" 2>&1
  fi
  began=$SECONDS

  step 'start rap-control with a private PostgreSQL' "$state/logs/control.log"
  start_control
  step 'start an OpenSSH server to be reached' "$state/logs/sshd.log"
  start_sshd
  step 'sign in as platform owner' "$state/logs/control.log"
  login "$state/home-owner" "$owner" "$(secret owner)" >>"$state/logs/admin.log"
  local node
  for node in "${nodes[@]}"; do
    step "enrol and approve $node" "$state/logs/$node.log"
    enrol "$node"
    admin nodes roles "$node" "${node%-1}"
  done
  step "organization $organization, user, pool $pool, resource $resource" "$state/logs/admin.log"
  set_up_tenant

  step 'rap login as alice' "$state/logs/control.log"
  login "$state/home-alice" "$user" "$(secret alice)"
  step "rap ssh $resource -- <command>" "$state/logs/entry-1.log"
  until_ok "a path from the entry to the egress" as_user ssh "$resource" -- true
  as_user ssh "$resource" -- 'echo "Hello from $(hostname), by way of $SSH_CONNECTION"'
  step "scp of $payload_mib MiB there and back" "$state/logs/scp.log"
  [[ -e $state/payload ]] || head -c "$payload_mib"M /dev/urandom >"$state/payload"
  copy_through
  step "ready after $((SECONDS - began)) s"
  show
  echo
  echo 'demo ok'
}

case ${1-up} in
  up)
    use_state
    up
    ;;
  stop)
    use_state
    stop_all
    echo "The demo is stopped; its state stays in $state ('tools/demo.sh reset' removes it)."
    ;;
  reset)
    use_state
    stop_all
    rm -rf "$state"
    ;;
  *)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
