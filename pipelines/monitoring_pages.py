"""`run.py ui`: what monitoring has seen, of one use case or of all below a state."""

from __future__ import annotations

from pipelines.arguments import PAGES
from switchyard.configuration.model import UseCase
from switchyard.monitoring.mirrors import stores_below
from switchyard.monitoring.records import MonitoringStore, store_location


def show(page: str, case: UseCase | None, state: str | None, host: str, port: int | None) -> int:
    """Show a page in the foreground until Ctrl-C; return its exit code.

    page: one of PAGES, with its usual port. case: None where `state` names all. Errors as of
    `show_history`, `show_copies` and `export`.
    """
    from stacks.evidently_page import show_copies, show_history
    from switchyard.monitoring.exporting import export

    at = PAGES[page] if port is None else port
    if case is None:
        place = state or ""
        shows = export if page == "metrics" else show_copies
        return shows(lambda: stores_below(place), host, at)
    store = MonitoringStore(store_location(case))
    if page == "metrics":
        return export(lambda: [store], host, at)
    return show_history(store, case.name, host, at)
