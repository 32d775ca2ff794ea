"""Alerts, received by real servers on this machine."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from switchyard.configuration.loop import Alerts
from switchyard.monitoring.alerts import PASSWORD, Alert, alert_of, send
from switchyard.monitoring.results import Performance, Quality, Verdict
from tests.monitoring.test_records import verdict

DRIFTED = verdict(status="drifted", reasons=("5 of 20 input columns drifted",))


class Hook:
    """An HTTP server that keeps what it gets and answers with `answers`, then 200."""

    def __init__(self, *answers: int) -> None:
        self.documents: list[Any] = []
        left = list(answers)
        kept = self.documents

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                kept.append(json.loads(self.rfile.read(length)))
                self.send_response(left.pop(0) if left else 200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?token=secret"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Mails(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to leave a mail."""

    def handle(self) -> None:
        server: Any = self.server
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            server.commands.append(line)
            verb = line.split()[0].upper()
            if verb == "EHLO":
                self._say("250-localhost\r\n250 8BITMIME")
            elif verb == "DATA":
                self._say("354 go on")
                text = []
                while (part := self.rfile.readline().decode()) != ".\r\n":
                    text.append(part)
                server.mails.append("".join(text))
                self._say("250 kept")
            else:
                self._say("221 bye" if verb == "QUIT" else "250 fine")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail_server() -> Iterator[Any]:
    server: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mails)
    server.mails, server.commands = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def alert() -> Alert:
    made = alert_of(DRIFTED)
    assert made is not None
    return made


def test_a_good_window_is_nobodys_business() -> None:
    assert alert_of(verdict()) is None
    assert alert_of(verdict(status="too-few-rows")) is None


def test_drift_lost_performance_and_damage_are_told_of() -> None:
    bad = DRIFTED.model_copy(
        update={
            "performance": Performance(
                rows=120, metrics={"accuracy": 0.6}, below_floor=("accuracy",)
            ),
            "quality": Quality(damaged_files=2),
        }
    )
    made = alert_of(bad)
    assert made is not None
    assert made.kinds == ("drift", "performance", "damage")
    for told in ("5 of 20 input columns", "accuracy 0.600 on 120", "2 damaged files", "2026-09-07"):
        assert told in made.text


def test_what_was_told_is_not_told_again() -> None:
    assert alert_of(DRIFTED, already=("drift",)) is None


def test_a_webhook_gets_the_verdict_as_json() -> None:
    hook = Hook()
    sent = send(alert(), Alerts(webhook=hook.url))
    hook.close()
    assert sent == (("log", "webhook"), ())
    assert hook.documents[0]["kinds"] == ["drift"]
    assert Verdict.model_validate(hook.documents[0]["verdict"]) == DRIFTED


def test_a_webhook_that_fails_for_a_while_is_tried_again() -> None:
    hook = Hook(503, 500)
    pauses: list[float] = []
    sent = send(alert(), Alerts(webhook=hook.url), {}, pauses.append)
    hook.close()
    assert sent.told == ("log", "webhook")
    assert len(hook.documents) == 3
    assert pauses == [1.0, 2.0]


def test_a_webhook_that_refuses_is_not_pressed() -> None:
    hook = Hook(403)
    sent = send(alert(), Alerts(webhook=hook.url), {}, lambda seconds: None)
    hook.close()
    assert len(hook.documents) == 1
    assert sent.told == ("log",)
    assert "403" in sent.failures[0]


def test_what_cannot_be_sent_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    hook = Hook()
    hook.close()
    sent = send(alert(), Alerts(webhook=hook.url), {}, lambda seconds: None)
    assert sent.told == ("log",)
    assert "could not be sent" in caplog.text
    assert "drift" in caplog.text


@pytest.mark.parametrize("path", ["/services/T0/secret", "/hook?token=secret", "?secret"])
@pytest.mark.parametrize("refused", [True, False])
def test_the_secret_of_a_webhook_is_told_to_nobody(
    path: str, refused: bool, caplog: pytest.LogCaptureFixture
) -> None:
    hook = Hook(404)
    server = hook.url.partition("/hook")[0]
    if not refused:
        hook.close()
    url = server.replace("://", "://joe:secret@") + path
    sent = send(alert(), Alerts(webhook=url), {}, lambda seconds: None)
    if refused:
        hook.close()
    assert sent.failures == (
        f"webhook to {server}: {'answer 404' if refused else 'ConnectionError'}",
    )
    assert "secret" not in caplog.text


def test_an_e_mail_reaches_its_receivers(mail_server: Any) -> None:
    port = mail_server.server_address[1]
    alerts = Alerts(
        smtp=f"smtp://127.0.0.1:{port}",
        email_from="monitor@shop.example",
        email_to=("ann@shop.example", "bob@shop.example"),
    )
    sent = send(alert(), alerts, {})
    assert sent == (("log", "e-mail"), ())
    assert "Subject: phishing: drift from 2026-09-07" in mail_server.mails[0]
    assert "5 of 20 input columns drifted" in mail_server.mails[0]
    receivers = [line for line in mail_server.commands if line.upper().startswith("RCPT")]
    assert [line.split("<")[1].split(">")[0] for line in receivers] == list(alerts.email_to)


def test_a_password_is_never_sent_in_the_clear(mail_server: Any) -> None:
    port = mail_server.server_address[1]
    alerts = Alerts(smtp=f"smtp://joe@127.0.0.1:{port}", email_to=("ann@shop.example",))
    sent = send(alert(), alerts, {PASSWORD: "hidden"})
    assert "in the clear" in sent.failures[0]
    assert mail_server.mails == []
    assert not any("AUTH" in line.upper() for line in mail_server.commands)


def test_an_address_that_is_no_mail_server_is_told() -> None:
    alerts = Alerts(smtp="mail.example", email_to=("ann@shop.example",))
    assert "monitoring.alerts.smtp" in send(alert(), alerts, {}).failures[0]
