"""Bad input never becomes a traceback: exit code, a sentence with the fix, nothing registered."""

from __future__ import annotations

import hashlib

import pytest

from switchyard.samples.urls import generate
from tests.e2e.conftest import SMALL, Finished, Store
from tests.labels import PHISHING
from tests.prepared import commands

pytestmark = pytest.mark.slow


def table(rows: int = 300) -> str:
    return generate(rows, 3, PHISHING).drop(columns=["source"]).to_csv(index=False)


def content(name: str) -> bytes:
    lines = table().splitlines()
    contents: dict[str, bytes] = {
        "wrong columns": b"a,b\n1,2\n3,4\n",
        "one class": b"url,label\n" + b"".join(b"a%d.example/x,bad\n" % n for n in range(200)),
        "empty": b"",
        "one row": b"url,label\na.example/x,bad\n",
        "binary": bytes(range(256)) * 50,
        "all invalid UTF-8": b"url,label\n" + b"\xff\xfe.example/,bad\n" * 100,
        "unknown labels": table().replace("phishing", "verdächtig").encode(),
        "truncated gzip": b"\x1f\x8b\x08\x00" + b"\x00" * 20,
        "10 MB URL": "\n".join([*lines, f"{'a' * 10_000_000}.example,phishing,2020-01"]).encode(),
    }
    return contents[name]


@pytest.mark.parametrize(
    "name",
    [
        "wrong columns",
        "one class",
        "empty",
        "one row",
        "binary",
        "all invalid UTF-8",
        "unknown labels",
        "truncated gzip",
    ],
)
def test_data_that_cannot_be_used_are_refused(store: Store, name: str) -> None:
    path = store.folder / "data.csv"
    path.write_bytes(content(name))

    done = store.train("--data", str(path))

    refused(done, store, 2)
    assert "data" in done.err


def test_one_absurd_row_is_set_aside(store: Store) -> None:
    path = store.folder / "data.csv"
    path.write_bytes(content("10 MB URL"))

    done = store.train("--data", str(path))

    assert done.code == 0, done.err
    card = next(store.folder.glob("outputs/phishing/*/data_card.md")).read_text()
    assert "longer than" in card


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["--data", "missing.csv"], 2, "missing.csv"),
        (["--data", "."], 2, "folder"),
        (["--data", "http://127.0.0.1:9/urls.csv"], 2, "sha256"),
        (["--set", "tuning.foldz=3"], 2, "did you mean 'folds'"),
        (["--set", "candidates.fast.estimator=hashed-ngram"], 2, "did you mean 'hashed-ngrams'"),
        (["--set", "candidates.fast.search={epoch: [1]}"], 2, "did you mean 'epochs'"),
        (["--set", "promotion.metric=acuracy"], 2, "did you mean 'accuracy'"),
        (["--config", "nowhere.yaml"], 2, "nowhere.yaml"),
    ],
)
def test_a_wrong_request_is_refused_before_any_work(
    store: Store, arguments: list[str], code: int, named: str
) -> None:
    assigned = arguments[:1] == ["--set"]
    settings = (*SMALL, arguments[1]) if assigned else SMALL

    done = store.train(*([] if assigned else arguments), settings=settings)

    refused(done, store, code)
    assert named in done.err


def test_an_unreachable_url_is_the_platforms_failure(store: Store) -> None:
    source = f"{{location: 'http://127.0.0.1:9/urls.csv', sha256: {'ab' * 32}}}"

    done = store.train(settings=(*SMALL, f"data.sources=[{source}]", caching(store)))

    refused(done, store, 3)
    assert "127.0.0.1:9" in done.err


def test_a_wrong_digest_is_refused(store: Store) -> None:
    path = store.folder / "data.csv"
    path.write_text(table(), encoding="utf-8")
    wrong = hashlib.sha256(b"other").hexdigest()
    source = f"{{location: '{path}', sha256: {wrong}}}"

    done = store.train(settings=(*SMALL, f"data.sources=[{source}]"))

    refused(done, store, 2)
    assert wrong in done.err


def test_a_report_folder_that_cannot_be_written_is_named(store: Store) -> None:
    blocked = store.folder / "outputs"
    blocked.write_text("a file stands where the folder should be", encoding="utf-8")

    done = store.train()

    assert done.code == 3
    assert str(blocked) in done.err
    assert "Traceback" not in done.err


def test_a_full_disk_is_named_and_nothing_is_half_registered(store: Store) -> None:
    done = limited(store, 2_500_000)

    refused(done, store, 3)
    assert "free some space" in done.err or "disk" in done.err

    after = store.train()

    assert after.code == 0, after.err
    assert store.registry() == ([1], 1)


def limited(store: Store, size: int) -> Finished:
    """A run in which no file may grow beyond `size` bytes, as if the disk were full."""
    command = store.command(settings=(*SMALL, "data.sample.rows=200000"))
    limits = {"RLIMIT_FSIZE": size}
    done = commands.run(command, store.environment, store.folder, limits=limits)
    return Finished(done.returncode, done.stdout, done.stderr)


def caching(store: Store) -> str:
    return f"data.cache_dir={store.folder / 'cache'}"


def refused(done: Finished, store: Store, code: int) -> None:
    assert done.code == code, (done.code, done.err)
    assert "Traceback" not in done.err
    assert "unexpected" not in done.err
    assert store.registry() == ([], None)
