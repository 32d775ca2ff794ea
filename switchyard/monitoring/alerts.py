"""Telling people: always in the log, and by webhook and e-mail where they are configured."""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from switchyard.configuration.loop import Alerts
from switchyard.data.sources import shown
from switchyard.errors import RequestError
from switchyard.monitoring.checking import causes_of
from switchyard.monitoring.results import Verdict

logger = logging.getLogger(__name__)

LOG, WEBHOOK, EMAIL = "log", "webhook", "e-mail"
PASSWORD = "SWITCHYARD_SMTP_PASSWORD"  # noqa: S105  the name of a variable
TRIES, TIMEOUT_S, PAUSE_S = 3, 10.0, 1.0


class Alert(NamedTuple):
    """What people are told. kinds: 'drift', 'performance', 'damage'."""

    kinds: tuple[str, ...]
    title: str
    text: str
    document: Mapping[str, Any]


class Sent(NamedTuple):
    """How an alert went: by which channels it was told, and why by others not."""

    told: tuple[str, ...]
    failures: tuple[str, ...]


def alert_of(verdict: Verdict, *, already: tuple[str, ...] = ()) -> Alert | None:
    """What there is to tell of a window; None for a good one. already: kinds told of before."""
    causes = {kind: text for kind, text in causes_of(verdict).items() if kind not in already}
    if not causes:
        return None
    window = f"{verdict.since:%Y-%m-%d %H:%M} to {verdict.until:%Y-%m-%d %H:%M} UTC"
    title = f"{verdict.name}: {' and '.join(causes)} from {window}"
    lines = [f"{kind}: {text}" for kind, text in causes.items()]
    text = "\n".join([title, "", *lines, "", f"{verdict.rows:,} requests were captured."])
    document = {
        "title": title,
        "use_case": verdict.name,
        "kinds": list(causes),
        "causes": causes,
        "verdict": verdict.model_dump(mode="json"),
    }
    return Alert(tuple(causes), title, text, document)


def send(
    alert: Alert,
    alerts: Alerts,
    environment: Mapping[str, str] = os.environ,
    pause: Callable[[float], None] = time.sleep,
) -> Sent:
    """Tell everybody who is configured. What cannot be sent is logged and returned, not raised."""
    logger.warning("%s", alert.text)
    told, failures = [LOG], []
    channels: dict[str, Callable[[], None]] = {}
    if alerts.webhook:
        channels[WEBHOOK] = lambda: post(alert, alerts.webhook, pause)
    if alerts.smtp and alerts.email_to:
        channels[EMAIL] = lambda: mail(alert, alerts, environment)
    for channel, act in channels.items():
        try:
            act()
            told.append(channel)
        except Exception as cause:  # noqa: BLE001  whatever a network does must not end the run
            failure = f"{channel} to {_receiver(channel, alerts)}: {_reason(channel, cause)}"
            logger.error("the alert could not be sent by %s", failure)
            failures.append(failure)
    return Sent(tuple(told), tuple(failures))


def post(alert: Alert, url: str, pause: Callable[[float], None] = time.sleep) -> None:
    """POST the alert's document as JSON, three times at most; what fails last is raised."""
    import requests

    for turn in range(TRIES):
        try:
            answer = requests.post(url, json=dict(alert.document), timeout=TIMEOUT_S)
            answer.raise_for_status()
            return
        except requests.RequestException as cause:
            refused = cause.response is not None and cause.response.status_code < 500
            if turn == TRIES - 1 or refused:
                raise
            pause(PAUSE_S * 2**turn)


def mail(alert: Alert, alerts: Alerts, environment: Mapping[str, str] = os.environ) -> None:
    """Send the alert by e-mail; RequestError for what a person has to mend.

    smtp://…: encrypted from STARTTLS on; without it only to this machine, and never with a
    password. smtps://…: encrypted from the start. The server's certificate must be valid for its
    name. Receivers that the server refuses are an error, told after the others have the mail.
    """
    server = urlsplit(alerts.smtp)
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        raise RequestError(
            f"monitoring.alerts.smtp: '{shown(alerts.smtp)}' is no mail server; give "
            "smtp://user@host:587 or smtps://user@host:465"
        )
    message = EmailMessage()
    message["Subject"] = alert.title
    message["From"] = alerts.email_from
    message["To"] = ", ".join(alerts.email_to)
    message.set_content(alert.text)
    password = environment.get(PASSWORD, "")
    try:
        refused = _deliver(message, server, password)
    except ssl.SSLCertVerificationError as cause:
        raise RequestError(
            f"monitoring.alerts.smtp: nobody vouches for '{server.hostname}': {cause}; name the "
            "server as its certificate does, or give the certificate of your own authority by "
            "SSL_CERT_FILE"
        ) from cause
    except smtplib.SMTPResponseException as cause:
        if server.username and not password:
            raise RequestError(
                f"monitoring.alerts.smtp: '{server.hostname}' refuses without a login: {cause}; "
                f"set {PASSWORD}"
            ) from cause
        raise
    if refused:
        told = ", ".join(f"{to} ({code} {said})" for to, (code, said) in refused.items())
        raise RequestError(f"monitoring.alerts.email_to: refused are {told}; the others have it")


def _deliver(
    message: EmailMessage, server: SplitResult, password: str
) -> dict[str, tuple[int, str]]:
    """Hand a mail to a server; the receivers that it refuses, with its words."""
    host = server.hostname or ""
    context = ssl.create_default_context()
    with _connected(server.scheme, host, server.port, context) as client:
        client.ehlo()
        encrypted = server.scheme == "smtps"
        if not encrypted and client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
            encrypted = True
        if not encrypted and host not in ("localhost", "127.0.0.1", "::1"):
            raise RequestError(f"monitoring.alerts.smtp: '{host}' offers no encryption (STARTTLS)")
        if server.username and password:
            if not encrypted:
                raise RequestError(
                    f"monitoring.alerts.smtp: '{host}' offers no encryption, and the password is "
                    "not sent in the clear"
                )
            client.login(unquote(server.username), password)
        found = client.send_message(message)
    return {to: (code, said.decode("utf-8", "replace")) for to, (code, said) in found.items()}


def _connected(scheme: str, host: str, port: int | None, context: ssl.SSLContext) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT_S, context=context)
    return smtplib.SMTP(host, port or 587, timeout=TIMEOUT_S)


def _receiver(channel: str, alerts: Alerts) -> str:
    """Of a webhook no more than the server: path and query are often its secret."""
    if channel == EMAIL:
        return ", ".join(alerts.email_to)
    scheme, _, rest = alerts.webhook.partition("://")
    server = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return f"{scheme}://{server}" if rest else "an address without http://"


def _reason(channel: str, cause: Exception) -> str:
    """Why it failed. The words of a failed webhook's error hold its whole address."""
    if channel == EMAIL:
        return f"{type(cause).__name__}: {cause}"
    answer = getattr(cause, "response", None)
    return type(cause).__name__ if answer is None else f"answer {answer.status_code}"
