"""Every so many-th row of a Parquet file: python .ci/part.py FILE PART EVERY."""

import sys

import numpy as np
import pyarrow.parquet as pq

file, part, every = sys.argv[1:]
rows = pq.read_table(file)
pq.write_table(rows.take(np.arange(0, rows.num_rows, int(every))), part)
