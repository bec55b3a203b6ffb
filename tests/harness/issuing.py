"""Certificates and OCSP responses that the platform would never make, by its own keys: python's
cryptography in the place of an issuer gone wrong."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)
END = b"-----END CERTIFICATE-----"


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)


def chain_in(file):
    return [x509.load_pem_x509_certificate(part + END)
            for part in file.read_bytes().split(END)[:-1]]


def key_in(file):
    return serialization.load_pem_private_key(file.read_bytes(), None)


def pem(*certificates):
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Issuer:
    def __init__(self, certificate, key):
        self.certificate, self.key = certificate, key

    @classmethod
    def of(cls, control):
        """The platform's own intermediate."""
        pki = control.pki
        return cls(chain_in(pki / "intermediate.crt")[0], key_in(pki / "intermediate.key"))

    @classmethod
    def stranger(cls, like):
        """An authority that bears the name of another one, and not its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = like.certificate.subject
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now() - DAY).not_valid_after(now() + 365 * DAY)
                .add_extension(x509.BasicConstraints(True, 0), True)
                .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False,
                                             False), True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                .sign(key, hashes.SHA256()))
        return cls(made, key)

    def _builder(self, key, start, end):
        aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (x509.CertificateBuilder().issuer_name(self.certificate.subject)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(start).not_valid_after(end)
                .add_extension(x509.BasicConstraints(False, None), True)
                .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False,
                                             False), True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
                .add_extension(aki, False))

    # pylint: disable-next=too-many-arguments
    def worker(self, uri, address, *, start=None, end=None, must_staple=True, key=None):
        """(certificate, key) of a worker, whose URI is its SPIFFE ID."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri),
                                             x509.IPAddress(ipaddress.ip_address(address))])
        builder = (self._builder(key, start or now() - MINUTE, end or now() + 30 * DAY)
                   .subject_name(x509.Name([]))
                   .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
                   .add_extension(names, True))
        if must_staple:
            staple = x509.TLSFeature([x509.TLSFeatureType.status_request])
            builder = builder.add_extension(staple, False)
        return builder.sign(self.key, hashes.SHA256()), key

    def ocsp_delegate(self, *, end=None):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foreign OCSP Signer")])
        made = (self._builder(key, now() - DAY, end or now() + DAY).subject_name(name)
                .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)
                .add_extension(x509.OCSPNoCheck(), False)
                .sign(self.key, hashes.SHA256()))
        return Issuer(made, key)

    # pylint: disable-next=too-many-arguments
    def ocsp_response(self, leaf, *, signer=None, status=ocsp.OCSPCertStatus.GOOD,
                      this_update=None, next_update=None, nonce=None):
        """About `leaf`, in DER; signed by this issuer or by `signer`, which comes along."""
        signer = signer or self
        this_update = this_update or now() - MINUTE
        revoked = status == ocsp.OCSPCertStatus.REVOKED
        builder = (ocsp.OCSPResponseBuilder()
                   .add_response(cert=leaf, issuer=self.certificate, algorithm=hashes.SHA256(),
                                 cert_status=status, this_update=this_update,
                                 next_update=next_update or this_update + 30 * MINUTE,
                                 revocation_time=this_update if revoked else None,
                                 revocation_reason=None)
                   .responder_id(ocsp.OCSPResponderEncoding.HASH, signer.certificate)
                   .certificates([signer.certificate]))
        if nonce:
            builder = builder.add_extension(x509.OCSPNonce(nonce), False)
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
