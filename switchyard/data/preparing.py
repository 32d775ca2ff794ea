"""From raw rows to the rows fit for training, whatever kind of rows they are."""

from __future__ import annotations

from switchyard.configuration.model import Data, Definition
from switchyard.data.cleaning import Cleaned, clean
from switchyard.data.reading import RawFrame
from switchyard.tables.cleaning import clean_table


def clean_rows(raw: RawFrame, data: Data, definition: Definition) -> Cleaned:
    """`clean` for addresses, `clean_table` for a table; errors as of these."""
    if definition.table is None:
        return clean(raw, data, definition.labels)
    return clean_table(raw, data, definition)
