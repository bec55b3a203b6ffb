"""`openssl ocsp` as a responder: somebody else's, about certificates of ours."""

from harness.issuing import key_pem, pem
from harness.process import Process


def index_line(certificate, revoked_at=None):
    """A line of openssl ca's database."""
    stamp = "%y%m%d%H%M%SZ"
    state = f"R\t{certificate.not_valid_after:{stamp}}\t{revoked_at:{stamp}},keyCompromise" \
        if revoked_at else f"V\t{certificate.not_valid_after:{stamp}}\t"
    return f"{state}\t{certificate.serial_number:040X}\tunknown\t/CN=none\n"


class OpensslResponder:
    """Answers on `port` of every address until stop()."""

    # pylint: disable-next=too-many-arguments
    def __init__(self, folder, port, issuer, *, signer=None, index="", minutes=20):
        signer = signer or issuer
        files = {"ca.pem": pem(issuer.certificate), "signer.pem": pem(signer.certificate),
                 "signer.key": key_pem(signer.key), "index.txt": index.encode()}
        for name, content in files.items():
            (folder / f"ocsp-{name}").write_bytes(content)
        log = folder / "openssl-ocsp.log"
        log.write_text("")
        self.process = Process(
            ["openssl", "ocsp", "-index", folder / "ocsp-index.txt", "-port", str(port), "-CA",
             folder / "ocsp-ca.pem", "-rsigner", folder / "ocsp-signer.pem", "-rkey",
             folder / "ocsp-signer.key", "-nmin", str(minutes), "-ignore_err"],
            log)
        # Connecting would not tell: an empty connection is one that openssl ocsp waits for for
        # ever.
        self.process.wait_for(lambda: "waiting for OCSP client" in log.read_text(),
                              "openssl ocsp to listen")

    def stop(self):
        self.process.stop()
