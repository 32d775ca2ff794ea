"""A small stand-in for the service: the page's files and contract answers that tests can steer."""

from __future__ import annotations

import csv
import io
import json
import mimetypes
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.page.answers import Answer, Json, explained, model

PAGE = Path(__file__).resolve().parents[2] / "bento" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""The service's policy, and stricter by its last part: markup from strings is an error."""


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeApi:
    """Serves the page and the API on a free port until `close`; keeps what it was asked."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.inputs: Json = {"url": {"type": "string", "max_length": 8192}}
        self.requests: list[Request] = []
        self.feedback: list[Json] = []
        self._next: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._jobs: dict[str, Json] = {}
        self._results: dict[str, str] = {}
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                body = self.rfile.read(length)
                query = parse_qs(parts.query)
                method = self.command
                answer = api.answer(Request(method, parts.path, query, dict(self.headers), body))
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.send_header("Content-Security-Policy", POLICY)
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                """Tests read what was asked from `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self, path: str, *answers: Answer) -> None:
        """Answer the next requests of a path with these instead."""
        self._next[path].extend(answers)

    def asked(self, path: str) -> list[Request]:
        """The requests of a path so far."""
        return [one for one in self.requests if one.path == path]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.path == "/" or request.path.startswith("/page/"):
            return self._static(request.path.removeprefix("/page/").strip("/") or "index.html")
        if self.key and request.headers.get("X-API-Key") != self.key:
            return Answer.problem(401, "Unauthorized", "the key is missing or wrong")
        if self._next[request.path]:
            return self._next[request.path].popleft()
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["model"]:
                return Answer.json(model(self.inputs))
            case "POST", ["predict"]:
                return self._predict(request.json["instances"])
            case "POST", ["explain"]:
                return Answer.json(self._explained(request.json["instances"]))
            case "POST", ["feedback"]:
                self.feedback.append(request.json)
                held = {key: request.json[key] for key in ("request_id", "instance", "label")}
                return Answer.json({**held, "status": "recorded"})
            case "POST", ["jobs"]:
                return self._submit(request)
            case method, ["jobs", job, *rest]:
                return self._job(method, job, bool(rest))
        return Answer.problem(404, "Not Found", f"there is no {request.path}")

    def _static(self, name: str) -> Answer:
        if name not in {path.name for path in PAGE.iterdir()}:
            return Answer.problem(404, "Not Found", f"there is no {name}")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Answer(200, (PAGE / name).read_bytes(), {"Content-Type": kind})

    def _predict(self, instances: list[Json]) -> Answer:
        wrong = [
            {"where": f"instances.{at}.url", "message": "is longer than 8192 characters"}
            for at, one in enumerate(instances)
            if len(str(one.get("url", ""))) > 8192
        ]
        if wrong:
            return Answer.problem(422, "Unprocessable", "1 of the instances is wrong", wrong)
        held = [explained(one) for one in instances]
        predictions = [{"label": one["label"], "score": one["score"]} for one in held]
        return Answer.json({**self._head(), "predictions": predictions})

    def _explained(self, instances: list[Json]) -> Json:
        return {**self._head(), "explanations": [explained(one) for one in instances]}

    def _head(self) -> Json:
        return {"request_id": f"r{len(self.requests)}", "model_version": "3", "threshold": 0.41}

    def _submit(self, request: Request) -> Answer:
        rows = list(csv.DictReader(io.StringIO(request.body.decode())))
        name = f"j{len(self._jobs) + 1}"
        self._jobs[name] = {
            "id": name, "status": "queued", "created": "2026-01-01T00:00:00Z", "started": None,
            "finished": None, "rows": None, "rows_done": 0, "rows_rejected": 0, "error": None,
            "model_version": "3", "format": request.query["format"][0],
        }  # fmt: skip
        out = io.StringIO()
        writer = csv.DictWriter(out, [*rows[0], "label", "score", "model_version", "problem"])
        writer.writeheader()
        for row in rows:
            one = explained({"url": row["url"]})
            writer.writerow(
                {**row, "label": one["label"], "score": one["score"], "model_version": "3"}
            )
        self._results[name] = out.getvalue()
        self._jobs[name]["total"] = len(rows)
        return Answer.json(self._told(name), 202, Location=f"/jobs/{name}")

    def _told(self, name: str) -> Json:
        return {key: value for key, value in self._jobs[name].items() if key != "total"}

    def _job(self, method: str, name: str, result: bool) -> Answer:
        job = self._jobs.get(name)
        if job is None:
            return Answer.problem(404, "Not Found", f"there is no job {name}")
        if method == "DELETE":
            del self._jobs[name]
            return Answer(204)
        if result:
            kind = {"Content-Type": "text/csv"}
            disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
            return Answer(200, self._results[name].encode(), {**kind, **disposition})
        if job["status"] == "queued":
            job |= {"status": "running", "rows": job["total"], "rows_done": job["total"] // 2}
        elif job["status"] == "running":
            job |= {"status": "succeeded", "rows_done": job["total"]}
        return Answer.json(self._told(name))
