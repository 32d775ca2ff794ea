"""Real servers for tests: an object store, PostgreSQL, Redis; each on a port and in a folder of its
own, and each can be ended and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services import PATIENCE_S

ANSWERS_S = 0.02


class Backend:
    """A server on this machine. command: what starts it, with its port."""

    def __init__(self, command: Callable[[int], list[str]], **options: Any) -> None:
        self.port = free_port()
        self._command, self._options = command(self.port), options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again on the same port, and wait until it takes connections."""
        self._process = subprocess.Popen(
            self._command,
            # Ctrl-C in the terminal of whoever runs the tests is for the tests alone.
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._options,
        )
        deadline = time.monotonic() + PATIENCE_S
        while not self.answers():
            assert self._process.poll() is None, f"{self._command[0]} ended at once"
            assert time.monotonic() < deadline, f"{self._command[0]} does not answer"
            time.sleep(ANSWERS_S)

    def answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """End it without a warning, with the processes it has begun: those of PostgreSQL answer
        for a while when only the first is gone."""
        if self._process is None or self._process.poll() is not None:
            return
        server = psutil.Process(self._process.pid)
        begun = server.children(recursive=True)
        self._process.kill()
        self._process.wait()
        for process in begun:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _, alive = psutil.wait_procs(begun, PATIENCE_S)
        assert not alive, f"{self._command[0]} does not end"

    def stand_still(self, still: bool) -> None:
        """Let it answer nothing, or again; what is sent meanwhile waits."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE_S)


class ObjectStore(Backend):
    """An object store that speaks S3. Its objects lie below `folder`; `bucket` is there."""

    bucket = "bucket"

    def __init__(self, folder: Path) -> None:
        (folder / self.bucket).mkdir(parents=True)
        program = shutil.which("rclone") or str(Path(sys.executable).with_name("rclone"))
        options = ["--auth-key", "key,secret"]
        super().__init__(
            lambda port: [
                *(program, "serve", "s3", "--addr", f"127.0.0.1:{port}", *options, str(folder))
            ],
            env={**os.environ, "RCLONE_CONFIG": "/dev/null"},
        )
        self.folder = folder

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client of it needs, as every client of S3 reads it."""
        return {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{self.port}",
            "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        }

    def url(self, prefix: str) -> str:
        return f"s3://{self.bucket}/{prefix}"

    def objects(self, prefix: str = "") -> list[str]:
        """The keys below a prefix that ends at a slash, without it."""
        root = self.folder / self.bucket / prefix
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class Postgres(Backend):
    """A PostgreSQL database, whoever runs the tests: it refuses to be root's, so then it is not."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        super().__init__(
            lambda port: [
                *(str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)),
                *("-k", str(folder), "-h", "127.0.0.1"),
            ],
            cwd=folder,
            **_as(user),
        )

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        """Whether it lets somebody in: it takes connections before it is ready."""
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(Backend):
    """A Redis that keeps its word: what it has confirmed is on the disk."""

    def __init__(self, folder: Path) -> None:
        options = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        super().__init__(
            lambda port: ["redis-server", "--port", str(port), "--bind", "127.0.0.1", *options],
            cwd=folder,
        )

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """An empty object store that this process and those it starts reach by `url`."""
    import s3fs

    store = ObjectStore(tmp_path / "objects")
    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    store.start()
    yield store
    store.kill()
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="session")
def new_database() -> Iterator[Path]:
    """A folder with the data of an empty database, for copies; skips without PostgreSQL."""
    programs = _postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: postgresql)")
    user = _another_user()
    # Not in pytest's folder, which only its owner may enter.
    with tempfile.TemporaryDirectory(prefix="switchyard-postgres-", dir="/tmp") as folder:
        if user is not None:
            shutil.chown(folder, user)
        words = ["-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "--no-sync"]
        made = subprocess.run(
            [programs / "initdb", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **_as(user),
        )
        assert made.returncode == 0, made.stderr
        yield Path(folder)


@pytest.fixture
def postgres(new_database: Path) -> Iterator[Postgres]:
    """An empty database; skips where PostgreSQL is not installed."""
    programs = _postgres_programs()
    assert programs is not None
    with tempfile.TemporaryDirectory(prefix="switchyard-postgres-", dir="/tmp") as folder:
        # With its owner, who may be another than we are.
        subprocess.run(["cp", "-a", f"{new_database}/.", folder], check=True)
        database = Postgres(Path(folder), programs, _another_user())
        database.start()
        yield database
        database.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """An empty Redis; skips where there is none."""
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    (tmp_path / "redis").mkdir()
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


def _postgres_programs() -> Path | None:
    """Where the server's programs are: Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


def _another_user() -> str | None:
    """Who runs a server in the place of root, which it refuses; None where nobody has to."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.skip("root may not run PostgreSQL, and there is no other user")


def _as(user: str | None) -> dict[str, Any]:
    """What has a program run as a user; nothing for None."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
