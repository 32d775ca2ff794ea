"""The card tells what the data are, and loudly when they were generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchyard.configuration.model import Data, Definition, Sample, Source
from switchyard.data.cards import DataCard, data_card
from switchyard.data.cleaning import Cleaned, clean
from switchyard.data.digests import dataset_digest
from switchyard.data.exploration import exploration_html
from switchyard.data.loading import load
from switchyard.data.notices import SYNTHETIC
from tests.labels import PHISHING


def described(data: Data) -> tuple[Cleaned, DataCard]:
    loaded = load(data, Definition(labels=PHISHING), 1)
    cleaned = clean(loaded.raw, data, PHISHING)
    return cleaned, data_card(cleaned, loaded.provenance, Definition(labels=PHISHING))


@pytest.fixture
def table(tmp_path: Path) -> Data:
    lines = ["url,label,first_seen", "junk,bad,", "<b>|x.com/$a$,bad,2020-02-01"]
    lines += [f"bad{i}.com,bad,2020-01-01" for i in range(24)]
    lines += [f"good{i}.com,good," for i in range(25)] + ["http://good1.com,good,"]
    (tmp_path / "a|b.csv").write_text("\n".join(lines))
    return Data(sources=(Source(location=str(tmp_path / "a|b.csv")),))


def test_the_card_counts(table: Data) -> None:
    cleaned, card = described(table)
    assert card.digest == dataset_digest(cleaned.frame)
    assert (card.rows, card.read, card.rejected, card.duplicates) == (50, 52, 1, 1)
    assert card.classes == {"phishing": 25, "benign": 25}
    assert card.sources == {"a|b": {"phishing": 25, "benign": 25}}
    assert card.years["2020"] == {"phishing": 25, "benign": 0}
    assert card.years["undated"] == {"phishing": 0, "benign": 25}
    assert card.months == ("2020-01", "2020-02")
    assert card.rejects == {"no host": 1}
    assert card.groups == 50
    assert not card.synthetic


def test_the_card_survives_json(table: Data) -> None:
    _, card = described(table)
    assert DataCard.model_validate_json(card.model_dump_json()) == card


def test_the_text_has_each_part_and_escapes_its_tables(table: Data) -> None:
    _, card = described(table)
    text = card.to_markdown()
    assert text.startswith("# Data card")
    assert "| a\\|b | 25 | 25 |" in text
    assert "| no host | 1 |" in text
    assert card.origins[0].sha256[:16] in text if card.origins[0].sha256 else False


def test_a_generated_sample_says_so_first() -> None:
    cleaned, card = described(Data(sample=Sample(rows=300)))
    assert card.synthetic
    assert SYNTHETIC in card.to_markdown().splitlines()[0]
    assert SYNTHETIC in exploration_html(cleaned.frame, card)


def test_the_page_needs_nothing_from_elsewhere(table: Data) -> None:
    cleaned, card = described(table)
    page = exploration_html(cleaned.frame, card)
    assert "src=" not in page
    assert "url(http" not in page
    assert "<script" not in page
    assert page.count("<svg") == page.count("aria-label=") == 5


def test_the_page_is_the_same_every_time(table: Data) -> None:
    cleaned, card = described(table)
    assert exploration_html(cleaned.frame, card) == exploration_html(cleaned.frame, card)
