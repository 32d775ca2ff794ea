"""Secrets in the configuration of components: where they may stand, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from switchyard.data.sources import shown
from switchyard.errors import RequestError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from zenml.client import Client

MASK = "********"

_TELLING = re.compile(r"secret|passw|token|credential|api_?key|access_?key|private_?key", re.I)


def check_secrets(
    client: Client, accepts: type[BaseModel], given: Mapping[str, Any], saying: str
) -> None:
    """RequestError for a secret that stands in the file itself, or that ZenML does not have.

    accepts: the flavour's configuration, which knows what of it is secret. Components are kept in
    ZenML's database as they are written; `{{name.key}}` is kept as it is, and read when needed.
    """
    from zenml.utils.secret_utils import (
        is_secret_field,
        is_secret_reference,
        parse_secret_reference,
    )

    for key, field in accepts.model_fields.items():
        value = given.get(key)
        if value in (None, "") or not is_secret_field(field) or is_secret_reference(value):
            continue
        raise RequestError(
            f"{saying}: '{key}' is a secret, which would be kept readable in ZenML's database; "
            f"make it a ZenML secret, by `zenml secret create NAME --{key}=VALUE`, and write "
            f"'{{{{NAME.{key}}}}}'"
        )
    wanted: dict[str, list[str]] = {}
    for value in given.values():
        if is_secret_reference(value):
            reference = parse_secret_reference(value)
            wanted.setdefault(reference.name, []).append(reference.key)
    for name, keys in wanted.items():
        _check_secret(client, name, keys, saying)


def _check_secret(client: Client, name: str, keys: list[str], saying: str) -> None:
    values = " ".join(f"--{key}=VALUE" for key in keys)
    try:
        known = client.get_secret_by_name_and_private_status(name).values
    except KeyError as error:
        raise RequestError(
            f"{saying} takes {' and '.join(keys)} from a secret '{name}' that ZenML does not have; "
            f"`zenml secret create {name} {values}` keeps one"
        ) from error
    missing = [key for key in keys if key not in known]
    if missing:
        raise RequestError(
            f"{saying} takes {' and '.join(missing)} from the secret '{name}', which has "
            f"{', '.join(sorted(known)) or 'nothing'}; "
            f"`zenml secret update {name} {values}` adds it"
        )


def shown_values(
    values: Mapping[str, Any], accepts: type[BaseModel] | None = None
) -> dict[str, str]:
    """Each value by its path, as in client_kwargs.endpoint_url, for people to read.

    What is secret by the flavour or by its name is masked, and so are passwords in URLs.
    References to ZenML's secrets are no secrets.
    """
    from zenml.utils.secret_utils import is_secret_field

    fields = accepts.model_fields if accepts else {}
    told = {}
    for path, value in _leaves(values, ""):
        top = path.partition(".")[0].partition("[")[0]
        secret = top in fields and is_secret_field(fields[top])
        told[path] = _shown(value, secret=secret or bool(_TELLING.search(path.rpartition(".")[2])))
    return told


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        if set(value) == {"name", "value"}:  # one of an environment's variables
            yield f"{path}.{value['name']}", value["value"]
            return
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{number}]")
    else:
        yield path, value


def _shown(value: Any, *, secret: bool) -> str:
    from zenml.utils.secret_utils import is_secret_reference

    if not isinstance(value, str):
        return str(value)
    if is_secret_reference(value):
        return value
    return MASK if secret and value else shown(value)
