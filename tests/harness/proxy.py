"""HTTP proxies: tinyproxy, as a network that lets nobody out but through it, one that forgets what
goes through it, and one that takes its time."""

import contextlib
import pathlib
import queue
import re
import select
import socket
import threading
import time

from harness.addresses import free_port
from harness.process import Process

USER, PASSWORD = "gate", "s3cret"


class Proxy:
    def __init__(self, folder, address, *, authorize=False, prefix=()):
        self.folder = pathlib.Path(folder)
        self.port = free_port(address)
        config = self.folder / "tinyproxy.conf"
        config.write_text(f"Listen {address}\nPort {self.port}\nTimeout 600\nMaxClients 100\n"
                          "LogLevel Connect\nDisableViaHeader Yes\n" +
                          (f"BasicAuth {USER} {PASSWORD}\n" if authorize else ""))
        self.process = Process(["tinyproxy", "-d", "-c", config], self.folder / "tinyproxy.log",
                               prefix=prefix)
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


class Tunnels:
    """A proxy of our own; `carry(near, far)` is what becomes of a tunnel."""

    def __init__(self, address):
        self._listener = socket.create_server((address, 0))
        self.url = "http://{}:{}".format(*self._listener.getsockname())
        self._open = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._tunnel, daemon=True, args=(connection,)).start()

    def _tunnel(self, near):
        head = b""
        with contextlib.suppress(OSError):
            while not head.endswith(b"\r\n\r\n"):
                head += near.recv(1)
            host, port = head.split()[1].decode().rsplit(":", 1)
            far = socket.create_connection((host, int(port)))
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._open += (near, far)
            self.carry(near, far)

    def carry(self, near, far):
        raise NotImplementedError

    def close(self):
        self._listener.close()
        for each in self._open:
            each.close()


class SlowProxy(Tunnels):
    """What is far away: every byte takes `delay_s` each way, however many follow it."""

    def __init__(self, address, delay_s):
        self._delay_s = delay_s
        super().__init__(address)

    def carry(self, near, far):
        for one, other in ((near, far), (far, near)):
            waiting = queue.Queue()
            threading.Thread(target=self._read, args=(one, waiting), daemon=True).start()
            threading.Thread(target=self._write, args=(other, waiting), daemon=True).start()

    def _read(self, connection, waiting):
        data = b" "
        while data:
            try:
                data = connection.recv(65536)
            except OSError:
                data = b""
            waiting.put((time.monotonic() + self._delay_s, data))

    @staticmethod
    def _write(connection, waiting):
        with contextlib.suppress(OSError):
            while True:
                due, data = waiting.get()
                time.sleep(max(0, due - time.monotonic()))
                if not data:
                    connection.shutdown(socket.SHUT_WR)
                    return
                connection.sendall(data)


class ForgetfulProxy(Tunnels):
    """A network that can forget its connections, as where addresses are translated, or while a
    machine sleeps: nothing crosses those of before any more, and neither end is told."""

    def __init__(self, address):
        self._forgotten = [threading.Event()]
        super().__init__(address)

    def carry(self, near, far):
        forgotten = self._forgotten[-1]
        across = {near: far, far: near}
        with contextlib.suppress(OSError):
            while not forgotten.is_set():
                for one in select.select(across, (), (), 0.05)[0]:
                    if forgotten.is_set():
                        return
                    data = one.recv(65536)
                    if not data:
                        near.close()
                        far.close()
                        return
                    across[one].sendall(data)

    def forget(self):
        self._forgotten[-1].set()
        self._forgotten.append(threading.Event())

    def close(self):
        self.forget()
        super().close()
