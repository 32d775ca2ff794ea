"""Rows that a service takes, from its own description: python3 .ci/examples.py URL FILE

Writes FILE.csv to score, and FILE.json to ask /predict with.
"""

import csv
import json
import sys
import urllib.request
from pathlib import Path

url, file = sys.argv[1:]
with urllib.request.urlopen(f"{url}/model", timeout=30) as answer:
    model = json.load(answer)
# A table has whole examples; a text has those of its one input.
examples = model.get("examples") or [
    {name: example} for name, each in model["inputs"].items() for example in each["examples"]
]
Path(f"{file}.json").write_text(json.dumps({"instances": examples}), encoding="utf-8")
with Path(f"{file}.csv").open("w", encoding="utf-8", newline="") as rows:
    writer = csv.DictWriter(rows, list(examples[0]))
    writer.writeheader()
    writer.writerows(examples)
