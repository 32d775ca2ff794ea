"""Names and values of the fast model's traits, in the order in which its kernel adds them."""

from __future__ import annotations

from switchyard.explanations.places import Places
from switchyard.models.kernel import MAX_BYTES

FIELDS = ("host", "path")
COUNTED = (
    *("length of {}", "letters in {}", "vowels in {}", "capitals in {}", "digits in {}"),
    *("dots in {}", "hyphens in {}", "underscores in {}", "slashes in {}", "percent signs in {}"),
    *("equals signs in {}", "ampersands in {}", "other marks in {}", "longest word in {}"),
    *("longest run of digits in {}", "longest run of consonants in {}"),
    "runs of letters or of digits in {}",
)
"""The counts of one field; the path is all that follows the host."""

CROSSES = (
    ("length of host", "length of path"),
    ("length of host", "slashes in path"),
    ("dots in host", "slashes in path"),
    ("ending of host", "slashes in path"),
    ("ending of host", "dots in host"),
    ("ending of host", "length of host"),
    ("ending of path", "slashes in path"),
    ("ending of path", "dots in host"),
    ("ending of path", "length of path"),
    ("ending of path", "ending of host"),
    ("longest word in path", "length of path"),
    ("digits in path", "length of path"),
    ("vowels in path", "letters in path"),
    ("longest word in host", "length of host"),
    ("vowels in host", "letters in host"),
    ("hyphens in host", "length of host"),
    ("digits in host", "length of host"),
)


def traits(url: str, places: Places) -> list[tuple[str, float | str]]:
    """Name and value of each trait of a canonical URL. The value of a cross is both of its own."""
    told: dict[str, float | str] = {}
    named: list[tuple[str, float | str]] = []
    for field, counts in zip(FIELDS, places.counts.tolist(), strict=True):
        own = {name.format(field): count for name, count in zip(COUNTED, counts, strict=True)}
        told |= own
        named += own.items()
        if counts[0]:
            digits, letters = own[f"digits in {field}"], own[f"letters in {field}"]
            named.append((f"share of digits in {field}", digits / counts[0]))
            named.append(
                (f"vowels per letter in {field}", own[f"vowels in {field}"] / max(1, letters))
            )
    seen = url[:MAX_BYTES]
    told["ending of host"] = _ending(seen[: places.host_end])
    told["ending of path"] = _ending(seen[max(places.host_end, len(seen) - 6) :])
    named += [(f"{one} and {other}", f"{told[one]}, {told[other]}") for one, other in CROSSES]
    return named


def _ending(part: str) -> str:
    """The last dot and what follows it, unless a slash does."""
    dot = part.rfind(".")
    return part[dot:].lower() if dot > part.rfind("/") else "none"
