"""The chunks of a shard scored, those that an earlier run finished left as they are."""

from __future__ import annotations

import time
from contextlib import closing, nullcontext

from switchyard.batches.answers import answer
from switchyard.errors import PlatformError
from switchyard.inference.ahead import Behind, read_ahead
from switchyard.inference.joining import joined_beside
from switchyard.inference.parts import PartWriter, finished
from switchyard.inference.planning import Report
from switchyard.inference.plans import Plan
from switchyard.inference.reading import pieces
from switchyard.inference.results import ShardResult
from switchyard.serving.predictor import Predictor


def score_shard(
    plan: Plan, predictor: Predictor, shard: int = 0, shards: int = 1, report: Report | None = None
) -> ShardResult:
    """Score the unfinished chunks of one of `shards` equal shares; each is kept when it is whole.

    Scores are bit for bit those of `Predictor.score`. Reading and writing go on in threads beside
    the scoring; memory does not grow with the input.
    DataError when a file is not any more what was planned; PlatformError of the place.
    """
    held = predictor.manifest.content_sha256
    if held != plan.model.content_sha256:
        raise PlatformError(
            f"the plan is for the model {plan.model.content_sha256[:12]}…, not for {held[:12]}…; "
            "run the same command again"
        )
    began = time.perf_counter()
    place = plan.target.place()
    done = finished(place, plan)
    share = plan.share(shard, shards)
    todo = [number for number in share if number not in done]
    total = sum(plan.chunks[number].rows for number in share)
    rows = kept = total - sum(plan.chunks[number].rows for number in todo)
    if report and kept:
        report(rows, total, f"{kept:,} rows were scored by an earlier run")
    beside = joined_beside(plan, done) if shards == 1 else nullcontext(lambda _: None)
    with (
        beside as tell,
        closing(PartWriter(place, plan, tell)) as writer,
        closing(Behind()) as behind,
    ):
        with read_ahead(pieces(plan, todo)) as coming:
            for piece in coming:
                behind.call(writer.write, piece, answer(piece.rows, predictor))
                rows += len(piece.rows) + len(piece.unreadable)
                if report:
                    speed = (rows - kept) / (time.perf_counter() - began)
                    report(rows, total, f"{rows:,} of {total:,} rows, {speed:,.0f} a second")
        behind.finish()
    seconds = time.perf_counter() - began
    return ShardResult(len(share), len(share) - len(todo), rows - kept, seconds)
