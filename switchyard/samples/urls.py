"""Labelled addresses made on the spot, for when no data are at hand. Their figures mean nothing.

They imitate what makes it hard to tell traps from honest pages: sites with several pages,
broken-into sites, free hosts and short links with pages of both kinds, and traps whose style
changes over the years.
Names are coined from syllables; IP addresses are those reserved for documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pandas as pd

from switchyard.configuration.model import Labels
from switchyard.data.notices import SOURCE
from switchyard.samples import url_words as words

BAD, GOOD = "bad", "good"
"""What the labels are called where a use case does not say."""

FIRST_YEAR, YEARS = 2019, 6

_JUNK = ("n/a", "-", "see the e-mail", "unknown", "bin/webscr?cmd=_login-")
_HEX = "0123456789abcdef"
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def generate(
    rows: int, seed: int, labels: Labels | None = None, *, changing: bool = False
) -> pd.DataFrame:
    """`rows` raw rows of url, label, source and first_seen; the same for the same arguments.

    About half are positive. So that cleaning has something to do, one in a hundred repeats another
    in other clothes, some of these with the other label, and one in a thousand is no URL.
    changing: later traps are made in ways that earlier rows do not show (`words.ERAS`), so that a
    model of the early rows misses it.
    """
    named = labels or Labels(positive=BAD, negative=GOOD)
    random = Random(seed)  # noqa: S311  a sample, not a secret
    maker = _Changing(random) if changing else _Maker(random)
    made: list[tuple[str, str, str]] = []
    while len(made) < rows:
        positive = random.random() < 0.6
        when = random.random()
        label = named.positive if positive else named.negative
        for url in maker.bad(when) if positive else maker.good():
            month = int(when * YEARS * 12)
            seen = f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}"
            made.append((_pasted(random, url, when), label, seen))
    made = made[:rows]
    random.shuffle(made)
    for _ in range(rows // 100):
        url, label, seen = random.choice(made)
        if random.random() < 0.05:
            label = named.negative if label == named.positive else named.positive
        made[random.randrange(rows)] = ("https://www." + url.split("://")[-1], label, seen)
    for _ in range(rows // 1000):
        at = random.randrange(rows)
        made[at] = (random.choice(_JUNK), *made[at][1:])
    frame = pd.DataFrame(made, columns=["url", "label", "first_seen"])
    frame.insert(2, "source", SOURCE)
    return frame


def _pasted(random: Random, url: str, when: float) -> str:
    """The URL as one comes across it: with or without its scheme."""
    if random.random() < 0.3:
        return url
    return ("https://" if random.random() < 0.35 + 0.5 * when else "http://") + url


@dataclass(frozen=True)
class _Maker:
    random: Random

    def good(self) -> list[str]:
        """The pages of one honest site."""
        choice, chance = self.random.choice, self.random.random
        if chance() < 0.03:
            return [self._shared()]
        domain = self._name() + "." + choice(words.GOOD_ENDINGS)
        if chance() < 0.25:
            return [domain]
        host = choice(("blog", "shop", "docs", "forum", "m", "my")) + "." + domain
        if chance() < 0.8:
            host = domain
        pages = (self._section, self._article, self._wiki, self._product, self._thread, self._own)
        weights = (5, 5, 2, 3, 2, 1)
        count = 1 + int(self.random.expovariate(0.5))
        return [host + self._one(pages, weights) for _ in range(count)]

    def bad(self, when: float) -> list[str]:
        """The pages of one trap, in the style of its time (0 the oldest, 1 the newest)."""
        kinds = (
            self._on_broken_site,
            self._on_address,
            self._brand_in_subdomain,
            self._look_alike,
            self._random_name,
            self._on_free_host,
            self._bare,
        )
        then, now = (8, 2, 4, 3, 1, 1, 0.5), (3, 1, 3, 4, 5, 5, 2)
        weights = [old + (new - old) * when for old, new in zip(then, now, strict=True)]
        make = self.random.choices(kinds, weights)[0]
        url = make(words.BAD_ENDINGS_NOW if self.random.random() < when else words.BAD_ENDINGS_THEN)
        if self.random.random() < 0.02:
            return [self._shared()]
        if self.random.random() < 0.25:
            folder = url.split("?")[0].rpartition("/")[0] or url
            return [url, f"{folder}/{self._hex(6)}.{self._script()}"]
        return [url]

    def _one(self, makers: tuple[Callable[[], str], ...], weights: tuple[int, ...]) -> str:
        return self.random.choices(makers, weights)[0]()

    def _name(self) -> str:
        choice = self.random.choice
        coined = "".join(choice(words.SYLLABLES) for _ in range(self.random.randint(2, 4)))
        shape = self.random.random()
        if shape < 0.4:
            return coined
        return coined + ("-" if shape > 0.85 else "") + choice(words.NOUNS)

    def _section(self) -> str:
        choice = self.random.choice
        ending = choice(("", "", "/", ".html", ".php", ".htm", "/index.html"))
        deeper = (
            f"/{choice(words.NOUNS)}-{choice(words.TOPICS)}" if self.random.random() < 0.5 else ""
        )
        return f"/{choice(words.SECTIONS)}{deeper}{ending}"

    def _article(self) -> str:
        choice, whole = self.random.choice, self.random.randint
        title = "-".join((choice(words.VERBS), choice(words.NOUNS), choice(words.TOPICS)))
        if self.random.random() < 0.5:
            return f"/{whole(2008, 2024)}/{whole(1, 12):02d}/{title}"
        return f"/{choice(words.SECTIONS)}/{whole(100, 99999)}/{title}.html"

    def _wiki(self) -> str:
        choice = self.random.choice
        return f"/wiki/{choice(words.NOUNS).title()}_{choice(words.TOPICS)}"

    def _product(self) -> str:
        choice, whole = self.random.choice, self.random.randint
        if self.random.random() < 0.5:
            item = f"{choice(words.NOUNS)}-{choice(words.TOPICS)}-p{whole(1, 9999)}"
            return f"/{choice(words.NOUNS)}/{item}"
        return f"/product.php?id={whole(1, 9999)}&cat={choice(words.NOUNS)}"

    def _thread(self) -> str:
        whole = self.random.randint
        return f"/viewtopic.php?f={whole(1, 40)}&t={whole(100, 99999)}"

    def _own(self) -> str:
        """A page of an honest site that looks like bait: customers log in there too."""
        choice = self.random.choice
        bait, year = choice(words.BAIT), self.random.randint(2012, 2024)
        return choice(
            (
                f"/{bait}",
                f"/account/{bait}.php",
                f"/user/{bait}?return={choice(words.SECTIONS)}",
                f"/wp-content/uploads/{year}/{choice(words.TOPICS)}.html",
            )
        )

    def _shared(self) -> str:
        """A place where pages of both kinds are: nothing in the address tells."""
        if self.random.random() < 0.5:
            return f"{self.random.choice(words.SHORTENERS)}/{self._token(6)}"
        host = self.random.choice(words.FREE_HOSTS)
        return f"{self._name()}.{host}" + self.random.choice(("", "", "/home", "/page1"))

    def _brand(self) -> str:
        lure = self.random.random() < 0.2
        return self.random.choice(words.LURES if lure else words.BRANDS)

    def _on_broken_site(self, _: tuple[str, ...]) -> str:
        choice = self.random.choice
        site = self._name() + "." + choice(words.GOOD_ENDINGS)
        folder = choice(
            (
                "wp-content/plugins",
                "wp-includes",
                "images",
                "css",
                "tmp",
                "components",
                "~admin",
                "",
            )
        )
        if self.random.random() < 0.1:
            return site + self._section()
        target = choice((self._brand(), self._brand(), self._hex(8), choice(words.BAIT)))
        page = choice((f"{choice(words.BAIT)}.{self._script()}", "index.html", ""))
        return "/".join(part for part in (site, folder, target, page) if part)

    def _on_address(self, _: tuple[str, ...]) -> str:
        net = self.random.choice(("192.0.2", "198.51.100", "203.0.113"))
        page = f"{self.random.choice(words.BAIT)}.{self._script()}"
        return f"{net}.{self.random.randint(1, 254)}/{self._brand()}/{page}"

    def _brand_in_subdomain(self, endings: tuple[str, ...]) -> str:
        choice = self.random.choice
        host = f"{self._brand()}.{choice(('com', 'co', choice(words.BAIT)))}.{self._name()}"
        path = choice(("", f"/{choice(words.BAIT)}", f"/{self._hex(16)}/{choice(words.BAIT)}.php"))
        return f"{host}.{choice(endings)}{path}"

    def _look_alike(self, endings: tuple[str, ...]) -> str:
        choice = self.random.choice
        brand = list(self._brand())
        at = self.random.randrange(len(brand))
        brand[at] = choice((brand[at] * 2, choice("01345"), ""))
        name = "".join(brand) + choice(("", "-" + choice(words.BAIT), choice(words.BAIT)))
        if self.random.random() < 0.08:
            name = f"xn--{name.strip('-')}-{self._token(3)}"
        return f"{name.strip('-')}.{choice(endings)}" + choice(("", "", f"/{choice(words.BAIT)}"))

    def _random_name(self, endings: tuple[str, ...]) -> str:
        choice = self.random.choice
        name = self._token(self.random.randint(6, 14))
        path = choice(("", "", f"/{self._token(8)}", f"/{choice(words.BAIT)}/{self._hex(12)}"))
        return f"{name}.{choice(endings)}{path}"

    def _on_free_host(self, _: tuple[str, ...]) -> str:
        choice = self.random.choice
        owner = choice((self._brand() + "-" + choice(words.BAIT), self._token(10), self._name()))
        return f"{owner}.{choice(words.FREE_HOSTS)}" + choice(("", f"/{choice(words.BAIT)}.html"))

    def _bare(self, endings: tuple[str, ...]) -> str:
        return f"{self._name()}.{self.random.choice(endings)}"

    def _script(self) -> str:
        return self.random.choice(("php", "php", "html", "htm", "asp"))

    def _hex(self, length: int) -> str:
        return "".join(self.random.choices(_HEX, k=length))

    def _token(self, length: int) -> str:
        return "".join(self.random.choices(_LETTERS, k=length))


class _Changing(_Maker):
    """Traps that take up the ways of each era once it has come, and drop older ones."""

    def bad(self, when: float) -> list[str]:
        begun = [era for era in words.ERAS if era.since <= when]
        if not begun or self.random.random() < words.STILL_AS_BEFORE:
            return super().bad(when)
        # The newest era has most of it; what was new before it has not gone altogether.
        era = self.random.choices(begun, [4**age for age in range(len(begun))])[0]
        return [self._of(era)]

    def _of(self, era: words.Era) -> str:
        choice = self.random.choice
        name = choice(era.brands) + choice(("", "-", ".")) + choice(era.baits)
        folder = choice(era.folders)
        path = choice(("", f"/{folder}", f"/{folder}/{choice(era.baits)}"))
        ending = choice((choice(era.endings), choice(words.GOOD_ENDINGS)))
        shape = self.random.random()
        if shape < 0.1:
            return f"{name}.{choice(era.hosts)}{path}"
        if shape < 0.4:
            return f"{self._name()}.{ending}/{folder}/{choice(era.brands)}"
        if shape < 0.5:
            return f"{choice(era.baits)}-{self._name()}.{ending}{path}"
        return f"{name}.{ending}{path}"
