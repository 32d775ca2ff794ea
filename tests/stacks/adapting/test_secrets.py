"""ZenML's server is asked for a secret once in a while, and an old one is not used for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from zenml.client import Client
from zenml.config.secret_reference_mixin import SecretReferenceMixin
from zenml.models import SecretUpdate

from stacks.adapting import secrets


class Component(SecretReferenceMixin):  # type: ignore[misc]  # ZenML has no types
    """What has a value that stands in a secret."""

    key: str


@pytest.fixture
def component() -> Component:
    return Component(key="{{remembered.key}}")


@pytest.fixture
def client(zenml_store: object) -> Iterator[Client]:
    """ZenML with a secret, in a process that is adapted."""
    client = Client()
    client.create_secret("remembered", {"key": "a"})
    yield client
    if client.list_secrets(name="remembered").items:
        client.delete_secret("remembered")


@pytest.fixture
def asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of ZenML's functions that are really called from now on."""
    names: list[str] = []

    def counted(asking: Callable[..., Any], *given: Any, **named: Any) -> Any:
        names.append(asking.__name__)
        return asking(*given, **named)

    for name in ("get_secret", "get_secret_by_name_and_private_status"):
        asking = partial(counted, secrets._originals[name])
        monkeypatch.setitem(secrets._originals, name, asking)
    return names


def test_a_component_may_look_often(asked: list[str], component: Component) -> None:
    assert [component.key for _ in range(5)] == ["a"] * 5
    assert len(asked) == 1


def test_a_stack_may_ask_for_its_secrets_often(asked: list[str], client: Client) -> None:
    for _ in range(3):
        assert client.get_secret("remembered").secret_values == {"key": "a"}
    assert len(asked) == 1

    with pytest.raises(KeyError):
        client.get_secret("remembered", private=True)  # another question
    assert len(asked) == 2


def test_adapting_again_changes_nothing(client: Client) -> None:
    before = Client.get_secret, Client.create_secret
    secrets.remember_secrets()

    assert before == (Client.get_secret, Client.create_secret)


def test_what_this_process_changes_is_asked_for_again(client: Client, component: Component) -> None:
    assert component.key == "a"
    client.update_secret("remembered", add_or_update_values={"key": "b"})
    assert component.key == "b"

    client.delete_secret("remembered")
    with pytest.raises(KeyError, match="remembered"):
        _ = component.key

    client.create_secret("remembered", {"key": "c"})
    assert component.key == "c"


def test_what_another_process_changes_is_seen_after_a_while(
    client: Client, component: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(secrets, "monotonic", lambda: now[0])
    assert component.key == "a"
    id = client.get_secret("remembered").id
    client.zen_store.update_secret(id, SecretUpdate(values={"key": "b"}))  # as a server does it

    now[0] += secrets.REMEMBERED_S - 1
    assert component.key == "a"
    now[0] += 2
    assert component.key == "b"


def test_what_is_not_there_is_asked_for_each_time(
    client: Client, asked: list[str], component: Component
) -> None:
    client.delete_secret("remembered")
    asked.clear()  # which asks too
    for _ in range(2):
        with pytest.raises(KeyError, match="remembered"):
            _ = component.key

    assert len(asked) == 2


def test_servers_are_not_mixed_up(
    asked: list[str], component: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert component.key == "a"
    monkeypatch.setattr(Client().zen_store.config, "url", "sqlite:///elsewhere.db")

    assert component.key == "a"
    assert len(asked) == 2
