"""URLs: their canonical form, their registered domain, and the numbers that describe them.

`canonical` and `problems` treat one URL and import nothing heavy; `bulk`, `domains` and `lexical`
treat millions with compiled kernels that read arrow's buffers.
"""

from switchyard.urls.canonical import canonicalise, scheme_of

__all__ = ["canonicalise", "scheme_of"]
