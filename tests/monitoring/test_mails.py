"""Alerts by e-mail against a real mail server with TLS, logins and certificates."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from switchyard.configuration.loop import Alerts
from switchyard.monitoring.alerts import PASSWORD, Sent, send
from switchyard.monitoring.records import MonitoringStore
from switchyard.monitoring.references import Reference
from switchyard.monitoring.running import check_store
from tests.deployers.places import free_port
from tests.monitoring.conftest import MONDAY, Captured, new_kind, scores, table
from tests.monitoring.test_alerts import alert

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

USER, RIGHT, WRONG = "monitor@shop.example", "correct horse", "battery staple"
ANN, BOB = "ann@shop.example", "bob@shop.example"


class Mailbox:
    """What a server got, and over what; it has no receiver whose name begins with 'nobody'."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.encrypted: list[bool] = []
        self.logins: list[str] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        del server, session, options
        if address.startswith("nobody"):
            return "550 no such receiver"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        del session
        self.mails.append(envelope)
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 kept"

    def authenticate(self, server: Any, session: Any, envelope: Any, how: str, data: Any) -> Any:
        """Lets in who knows the password."""
        del server, session, envelope, how
        assert isinstance(data, LoginPassword)
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == RIGHT.encode(), handled=False)


def certificate(folder: Path, *names: str) -> Path:
    """A self-signed certificate of these names, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a mail server")])
    now = datetime.now(UTC)
    known: list[x509.GeneralName] = [x509.DNSName(each) for each in names]
    if "localhost" in names:
        known.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(known), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@contextmanager
def serving(pem: Path, *, at_once: bool = False, login: bool = True) -> Iterator[tuple[Any, int]]:
    """A mail server; at_once: encrypted from the start, else from STARTTLS, which it demands."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    box, port = Mailbox(), free_port()
    # A server that is encrypted from the start has no STARTTLS to demand before a login.
    secured: dict[str, Any] = (
        {"ssl_context": context, "auth_require_tls": False}
        if at_once
        else {"tls_context": context, "require_starttls": True}
    )
    if login:
        secured |= {"authenticator": box.authenticate, "auth_required": True}
    else:
        secured |= {"auth_exclude_mechanism": ["LOGIN", "PLAIN"]}
    server = Controller(box, hostname="127.0.0.1", port=port, **secured)
    server.start()
    try:
        yield box, port
    finally:
        server.stop()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The server's certificate, which this process trusts, as one does that of a company."""
    pem = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return pem


def alerts_to(port: int, *receivers: str, scheme: str = "smtp", host: str = "localhost") -> Alerts:
    user = USER.replace("@", "%40")
    return Alerts(
        smtp=f"{scheme}://{user}@{host}:{port}",
        email_from=USER,
        email_to=receivers or (ANN,),
    )


def sent_by(alerts: Alerts, password: str = RIGHT) -> Sent:
    return send(alert(), alerts, {PASSWORD: password} if password else {})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_an_alert_goes_out_encrypted_and_logged_in(trusted: Path, host: str) -> None:
    with serving(trusted) as (box, port):
        sent = sent_by(alerts_to(port, ANN, BOB, host=host))

    assert sent == (("log", "e-mail"), ())
    assert (box.encrypted, box.logins) == ([True], [USER])
    assert box.mails[0].rcpt_tos == [ANN, BOB]
    assert b"5 of 20 input columns drifted" in box.mails[0].content


def test_smtps_is_encrypted_from_the_start(trusted: Path) -> None:
    with serving(trusted, at_once=True) as (box, port):
        sent = sent_by(alerts_to(port, scheme="smtps"))

    assert sent == (("log", "e-mail"), ())
    assert (box.encrypted, box.logins) == ([True], [USER])


def test_without_a_password_nobody_logs_in(trusted: Path) -> None:
    with serving(trusted, login=False) as (box, port):
        sent = sent_by(alerts_to(port), password="")

    assert sent == (("log", "e-mail"), ())
    assert (box.encrypted, box.logins) == ([True], [])


def test_a_wrong_password_is_told_and_not_repeated(
    trusted: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(trusted) as (box, port):
        sent = sent_by(alerts_to(port), WRONG)

    assert sent.told == ("log",)
    assert "e-mail to ann@shop.example" in sent.failures[0]
    assert "535" in sent.failures[0]
    assert "could not be sent" in caplog.text
    assert WRONG not in caplog.text + sent.failures[0]
    assert box.mails == []


def test_a_missing_password_is_named_when_the_server_wants_one(trusted: Path) -> None:
    with serving(trusted) as (box, port):
        sent = sent_by(alerts_to(port), password="")

    assert "530" in sent.failures[0]
    assert PASSWORD in sent.failures[0]
    assert box.mails == []


def test_a_server_without_logins_is_told_when_there_is_a_password(trusted: Path) -> None:
    with serving(trusted, login=False) as (box, port):
        sent = sent_by(alerts_to(port))

    assert sent.told == ("log",)
    assert "no suitable authentication" in sent.failures[0].lower()
    assert box.mails == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_ends_the_talk(tmp_path: Path, scheme: str) -> None:
    with serving(certificate(tmp_path, "localhost"), at_once=scheme == "smtps") as (box, port):
        sent = sent_by(alerts_to(port, scheme=scheme))

    assert sent.told == ("log",)
    assert "CERTIFICATE_VERIFY_FAILED" in sent.failures[0]
    assert "SSL_CERT_FILE" in sent.failures[0]
    assert (box.mails, box.logins) == ([], [])


def test_a_certificate_of_another_name_ends_the_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path, "mail.elsewhere.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))

    with serving(pem) as (box, port):
        sent = sent_by(alerts_to(port))

    assert "not valid for 'localhost'" in sent.failures[0]
    assert (box.mails, box.logins) == ([], [])


def test_no_mail_leaves_this_machine_in_the_clear() -> None:
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.2", port=port)  # as good as another machine
    server.start()
    try:
        sent = sent_by(alerts_to(port, host="127.0.0.2"), password="")
    finally:
        server.stop()

    assert "offers no encryption" in sent.failures[0]
    assert box.mails == []


def test_a_receiver_that_is_refused_is_told_and_the_others_get_the_mail(trusted: Path) -> None:
    with serving(trusted) as (box, port):
        sent = sent_by(alerts_to(port, ANN, "nobody@shop.example"))

    assert [mail.rcpt_tos for mail in box.mails] == [[ANN]]
    assert "nobody@shop.example" in sent.failures[0]
    assert "550 no such receiver" in sent.failures[0]
    assert ANN not in sent.failures[0].partition("refused are")[2]


def test_monitoring_goes_on_when_the_mail_server_does_not_let_it_in(
    trusted: Path,
    captured: Callable[..., Captured],
    reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("switchyard.monitoring.running.keep_report", lambda *given: None)
    monkeypatch.setattr("switchyard.monitoring.drift.Comparison.html", lambda self: "")
    monkeypatch.setenv(PASSWORD, WRONG)
    with serving(trusted) as (box, port):
        kept = captured(alerts=alerts_to(port).model_dump(mode="json"))
        kept.add(table(new_kind(600, 41), scores([True] * 600, 42).tolist()))
        kept.add(
            table(
                new_kind(600, 43),
                scores([True] * 600, 44).tolist(),
                since=MONDAY + timedelta(days=1),
            )
        )
        store = MonitoringStore(kept.case.monitoring.store)
        now = MONDAY + timedelta(hours=49)
        found = check_store(kept.case, kept.location, store, lambda version: reference, now)

    assert [each.status for each in store.verdicts()] == ["drifted", "drifted"]
    assert [each.alerted for each in store.verdicts()] == [("log:drift",)] * 2
    assert len(found.unsent) == 2
    assert all("535" in each for each in found.unsent)
    assert box.mails == []
