"""The flavours that stack files name: found, and asked what configuration they accept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic import ValidationError
from zenml.client import Client
from zenml.enums import StackComponentType
from zenml.stack.flavor import Flavor, validate_flavor_source

from stacks.files import Component
from stacks.packages import check_packages
from stacks.secrets import check_secrets
from switchyard.errors import RequestError
from switchyard.nearest import suggestion


def accepted(
    client: Client, kind: StackComponentType, component: Component, label: str
) -> tuple[Any, dict[str, Any]]:
    """The flavour's class of configuration, and the component's values as ZenML will keep them.

    RequestError, naming the component by `label`, for a flavour that there is not, a configuration
    that it refuses, a package that it needs, and a secret that stands there readable or nowhere.
    """
    accepts = _flavour_of(client, kind, component).config_class
    saying = f"{label}: flavour '{component.flavor}' says"
    _check_keys(component.configuration, sorted(accepts.model_fields), saying)
    check_packages(component.flavor, label)
    check_secrets(client, accepts, component.configuration, label)
    try:
        made = accepts(**component.configuration)
    except ValidationError as error:
        # Not pydantic's own text, which shows the values.
        told = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}".lstrip(": ")
            for each in error.errors(include_input=False, include_url=False)
        )
        raise RequestError(f"{saying}: {told}") from error
    except ValueError as error:
        raise RequestError(f"{saying}: {error}") from error
    return accepts, cast(dict[str, Any], made.model_dump(mode="json", exclude_unset=True))


def own_flavour(kind: StackComponentType, component: Component, source: str) -> Flavor:
    """The flavour of this project that a class describes; RequestError when it is none."""
    label = f"{kind.value} '{component.name}': source '{source}'"
    try:
        found: Flavor = validate_flavor_source(source, kind)[1]
    except (ValueError, TypeError) as error:
        raise RequestError(f"{label} is no flavour: {error}") from error
    if found.name != component.flavor:
        raise RequestError(f"{label} is flavour '{found.name}', the file says '{component.flavor}'")
    return found


def _check_keys(configuration: Mapping[str, Any], known: list[str], saying: str) -> None:
    for key in configuration:
        if key not in known:
            raise RequestError(
                f"{saying}: unknown configuration key '{key}'; {suggestion(key, known)}"
                f"there are: {', '.join(known)}"
            )


def _flavour_of(client: Client, kind: StackComponentType, component: Component) -> Flavor:
    """The flavour, which need not be registered yet if it is the project's own."""
    label = f"{kind.value} '{component.name}'"
    if component.source:
        check_packages(component.flavor, label)  # its class may want them
        return own_flavour(kind, component, component.source)
    try:
        return Flavor.from_model(client.get_flavor_by_name_and_type(component.flavor, kind))
    except KeyError as error:
        known = sorted(each.name for each in client.list_flavors(type=kind, size=100).items)
        raise RequestError(
            f"{label}: there is no flavour '{component.flavor}'; "
            f"{suggestion(component.flavor, known)}there are: {', '.join(known)}"
        ) from error
    except ImportError as error:
        raise RequestError(f"{label}: flavour '{component.flavor}' needs {error.name}") from error
