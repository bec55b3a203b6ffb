"""Private services to reach through the fabric: an echo server and a real sshd."""

import contextlib
import os
import pathlib
import pwd
import socket
import subprocess
import threading

from harness.addresses import free_port
from harness.process import Process


class Echo:
    """Sends back what it gets; counts who came."""

    def __init__(self, address):
        self._listener = socket.create_server((address, 0))
        self.address, self.port = self._listener.getsockname()
        self.accepted = 0
        self.open = set()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.open.add(connection)
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection):
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        self.open.discard(connection)
        connection.close()

    def close(self):
        self._listener.close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Sshd:
    """OpenSSH's server with keys and configuration of its own, for the current user."""

    def __init__(self, folder, address, *, prefix=()):
        self.folder = pathlib.Path(folder) / "sshd"
        self.folder.mkdir()
        self.address = address
        self.port = free_port(address)
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.host_key = self._keygen("host_key")
        self.user_key = self.folder / "user_key"
        self._keygen("user_key")
        config = self.folder / "sshd_config"
        config.write_text(f"ListenAddress {address}:{self.port}\nHostKey {self.folder}/host_key\n"
                          f"AuthorizedKeysFile {self.folder}/user_key.pub\nPidFile none\n"
                          "StrictModes no\nUsePAM no\nPasswordAuthentication no\n"
                          "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
                          "Subsystem sftp internal-sftp\nPrintMotd no\nPrintLastLog no\n")
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self.process = Process(["/usr/sbin/sshd", "-D", "-e", "-f", config],
                               self.folder / "sshd.log", prefix=prefix)
        self.process.wait_for(lambda: "Server listening" in self.process.log(), "sshd to listen")

    def _keygen(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test",
                        "-f", self.folder / name], check=True)
        return " ".join((self.folder / f"{name}.pub").read_text().split()[:2])

    def close(self):
        self.process.stop()
