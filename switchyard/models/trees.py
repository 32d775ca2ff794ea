"""LightGBM, imported when it is first needed, with the system library that it may miss named."""

from __future__ import annotations

from types import ModuleType

from switchyard.errors import PlatformError


def load_lightgbm() -> ModuleType:
    """The lightgbm module; PlatformError when its OpenMP library is not on this machine."""
    try:
        import lightgbm
    except OSError as cause:
        raise PlatformError(
            f"LightGBM cannot be loaded: {cause}. Install the OpenMP runtime that it needs: "
            "`apt-get install libgomp1` on Debian or Ubuntu, `brew install libomp` on macOS"
        ) from cause
    return lightgbm  # type: ignore[no-any-return]
