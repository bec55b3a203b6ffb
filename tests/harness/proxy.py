"""tinyproxy, as a network that lets nobody out but through it."""

import contextlib
import pathlib
import re
import socket

from harness.addresses import free_port
from harness.process import Process

USER, PASSWORD = "gate", "s3cret"


class Proxy:
    def __init__(self, folder, address, *, authorize=False):
        self.folder = pathlib.Path(folder)
        self.port = free_port(address)
        config = self.folder / "tinyproxy.conf"
        config.write_text(f"Listen {address}\nPort {self.port}\nTimeout 600\nMaxClients 100\n"
                          "LogLevel Connect\nDisableViaHeader Yes\n" +
                          (f"BasicAuth {USER} {PASSWORD}\n" if authorize else ""))
        self.process = Process(["tinyproxy", "-d", "-c", config], self.folder / "tinyproxy.log")
        self.address = f"{address}:{self.port}"
        self.process.wait_for(lambda: self._listens(address), "tinyproxy to listen")
        self.url = f"http://{self.address}"
        self.authorized_url = f"http://{USER}:{PASSWORD}@{self.address}"

    def _listens(self, address):
        with contextlib.suppress(OSError), socket.create_connection((address, self.port)):
            return True
        return False

    def tunnels(self):
        """Where it was asked for tunnels to, in order, as host:port."""
        return re.findall(r"CONNECT (\S+) HTTP/1", self.process.log())

    def close(self):
        self.process.stop()
