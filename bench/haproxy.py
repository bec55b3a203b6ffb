"""One haproxy that takes connections and leads them on, with TLS 1.3 on either side or on none."""

from harness.addresses import free_port
from harness.process import Process


def mutual(own, roots):
    """Mutual TLS, for either side: the chain and key in `own`, and whom `roots` vouches for."""
    return f"ssl crt {own} ca-file {roots} verify required"


def start(folder, name, following, accepts="", dials=""):
    """The process and its own address, once it listens there; its files are in `folder`."""
    here = f"127.0.0.1:{free_port('127.0.0.1')}"
    config = folder / f"{name}.cfg"
    config.write_text(f"""global
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-server-options ssl-min-ver TLSv1.3
  nbthread 1
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen hop
  bind {here} {accepts}
  server next {following} {dials}
""")
    process = Process(["haproxy", "-db", "-f", config], folder / f"{name}.log")
    try:
        process.wait_for(lambda: _listens(here), f"haproxy to listen on {here}")
    except BaseException:
        process.kill()
        raise
    return process, here


def _listens(address):
    host, port = address.split(":")
    wanted = f"{int.from_bytes(bytes(map(int, host.split('.'))), 'little'):08X}:{int(port):04X}"
    return any(line.split()[1] == wanted and line.split()[3] == "0A"
               for line in open("/proc/net/tcp", encoding="ascii").readlines()[1:])
