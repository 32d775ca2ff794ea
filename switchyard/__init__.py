"""The core: plain Python that trains, evaluates, packages and promotes; what trains is what serves.

Nothing here imports ZenML or BentoML (tests/test_architecture.py keeps it so).
"""

__version__ = "0.1.0"
