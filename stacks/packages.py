"""The packages that flavours need beyond those that every installation has."""

from __future__ import annotations

from importlib.util import find_spec

from switchyard.errors import RequestError

_S3, _KUBERNETES = ("s3", ("s3fs", "boto3")), ("kubernetes", ("kubernetes",))
_NEEDED = {
    "s3": (_S3,),
    "kubernetes": (_KUBERNETES,),
    "switchyard-kubernetes": (_KUBERNETES, _S3),
}
"""Flavour → the extras of this project that bring its packages, and the packages."""


def check_packages(flavour: str, label: str) -> None:
    """RequestError, with the command that installs them, when packages of a flavour are missing.

    label: of the component, as in "artifact_store 'object-store'".
    """
    needed = _NEEDED.get(flavour, ())
    missing = [name for _, names in needed for name in names if find_spec(name) is None]
    if not missing:
        return
    extras = " ".join(f"--extra {extra}" for extra, _ in needed)
    packages = " and ".join(f"'{name}'" for name in missing)
    raise RequestError(
        f"{label}: flavour '{flavour}' needs the package{'s' * (len(missing) > 1)} {packages}, not "
        f"installed here: uv sync {extras}"
    )
