"""The prediction store: what was asked and answered, kept without loss and read by date.

A service appends to journal segments in its spool (`recorder`); another process moves them to
Parquet files behind an fsspec URL (`compaction`); `reading` reads those.
"""
