"""What `bentoml containerize` starts from: a slim Python, with no compilers added."""

from __future__ import annotations

import sys

from bentoml.images import Image

BASE = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def slim_image() -> Image:
    """The image of a service.

    A distribution that BentoML does not know is one to which it adds nothing. The sources are there
    before the script that compiles their kernels runs.
    """
    image = Image(base_image=BASE, distro="python-slim", lock_python_packages=False)
    return image.build_include(
        *("bento", "container", "model", "switchyard"),
        *("requirements.txt", "service.json", "smoke.json"),
    )
