"""Stand-ins for services of tables: a number or two labels from fields, after the contract."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.page.answers import Answer, Json, model
from tests.page.fake_api import FakeApi

STUDENT: Json = {
    "gender": {"type": "category", "values": ["female", "male"]},
    "race/ethnicity": {"type": "category", "values": ["group A", "group B"], "other": True},
    "test preparation course": {
        "type": "category", "values": ["completed", "none"], "missing": True,
    },
    "reading": {"type": "number", "minimum": 17, "maximum": 100, "integer": True, "unit": "points"},
    "writing": {"type": "number", "minimum": 10, "maximum": 100, "integer": True, "unit": "points"},
}  # fmt: skip
WINE: Json = {
    "fixed acidity": {"type": "number", "minimum": 4.6, "maximum": 15.9, "unit": "g/l"},
    "pH": {"type": "number", "minimum": 2.74, "maximum": 4.01, "missing": True},
    "alcohol": {"type": "number", "minimum": 8.4, "maximum": 14.9, "unit": "% vol"},
}
LOAN: Json = {
    "income": {"type": "number", "minimum": 0, "maximum": 200_000, "unit": "€"},
    "housing": {"type": "category", "values": ["own", "rent"], "other": False},
}


@dataclass
class Case:
    """A model that adds a weight for each field: 1 or `weights` a unit of numbers, the place of a
    category among its values; target: of a number, None for the labels yes and no."""

    name: str
    inputs: Json
    base: float
    examples: list[Json]
    target: Json | None = None
    half_width: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def contributions(self, instance: Json) -> list[Json]:
        return [
            {"feature": name, "value": instance.get(name),
             "contribution": self._share(name, instance.get(name))}
            for name in self.inputs
        ]  # fmt: skip

    def total(self, instance: Json) -> float:
        return self.base + math.fsum(one["contribution"] for one in self.contributions(instance))

    def _share(self, name: str, value: Any) -> float:
        declared = self.inputs[name]
        if value is None:
            return 0.0
        if declared["type"] == "number":
            middle = (declared["minimum"] + declared["maximum"]) / 2
            return float(self.weights.get(name, 1.0) * (value - middle))
        known = declared["values"]
        return float(known.index(value) if value in known else len(known))


def student() -> Case:
    """Points of 0 to 100 from categories and whole numbers."""
    example = {
        "gender": "female", "race/ethnicity": "group B", "test preparation course": "none",
        "reading": 72, "writing": 74,
    }  # fmt: skip
    other = {**example, "gender": "male", "test preparation course": None, "reading": 40}
    target = {
        "name": "math", "unit": "points", "lowest": 0, "highest": 100, "minimum": 0,
        "maximum": 100, "coverage": 0.9,
    }  # fmt: skip
    weights = {"reading": 0.5, "writing": 0.3}
    return Case("Student scores", STUDENT, 60.0, [example, other], target, 9.2, weights)


def wine() -> Case:
    """A quality of 3 to 8 without a unit, from numbers."""
    target = {
        "name": "quality", "unit": "", "lowest": 3, "highest": 8, "minimum": 0, "maximum": 10,
        "coverage": 0.8,
    }  # fmt: skip
    weights = {"fixed acidity": 0.05, "pH": -0.3, "alcohol": 0.31}
    example = {"fixed acidity": 7.4, "pH": 3.51, "alcohol": 9.4}
    return Case("Wine quality", WINE, 5.6, [example], target, 0.75, weights)


def loan() -> Case:
    """The labels yes and no from a number and a category."""
    example = {"income": 52_000, "housing": "own"}
    return Case("Loans", LOAN, -0.5, [example], None, weights={"income": 2e-5})


def broad(columns: int) -> Case:
    """A number from very many columns, the first of which have hard names."""
    odd = [
        "a.b", "a.b.c", 'say "hi"', "it's", "🍷 wine", "<b>bold</b>", "__proto__", "constructor",
        "x" * 300, "two  spaces",
    ]  # fmt: skip
    names = [*odd, *(f"column {number}" for number in range(columns - len(odd)))]
    inputs = {name: {"type": "number", "minimum": 0, "maximum": 1} for name in names}
    target = {"name": "y", "unit": "", "lowest": 0, "highest": 1000, "coverage": 0.9}
    example = dict.fromkeys(names, 0.5)
    return Case("Broad", inputs, 500.0, [example], target, 10.0)


class TableApi(FakeApi):
    """Answers for a case instead of URLs."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.inputs = case.inputs

    def answer(self, request: Any) -> Answer:
        steered = bool(self._next[request.path])
        if request.method == "GET" and request.path == "/model" and not steered:
            self.requests.append(request)
            return Answer.json(self._model())
        return super().answer(request)

    def _model(self) -> Json:
        case = self.case
        whole = {
            **model(case.inputs),
            "title": case.name,
            "name": case.name,
            "examples": case.examples,
        }
        if case.target is None:
            return {**whole, "task": "table-classification",
                    "labels": {"positive": "yes", "negative": "no"}}  # fmt: skip
        manifest = {**whole["manifest"], "band": {"coverage": 0.9, "half_width": case.half_width}}
        kept = {key: value for key, value in whole.items() if key not in {"labels", "threshold"}}
        return {**kept, "task": "regression", "target": case.target, "manifest": manifest}

    def _head(self) -> Json:
        head = super()._head()
        if self.case.target is None:
            return head
        del head["threshold"]
        return {**head, "coverage": self.case.target["coverage"]}

    def _predict(self, instances: list[Json]) -> Answer:
        faults = [fault for at, one in enumerate(instances) for fault in self._faults(at, one)]
        if faults:
            return Answer.problem(422, "Unprocessable", faults[0]["message"], faults)
        return Answer.json({**self._head(), "predictions": [self._told(one) for one in instances]})

    def _told(self, instance: Any) -> Json:
        if isinstance(instance, str):
            return super()._told(instance)
        warnings = self._warnings(instance)
        more = {"warnings": warnings} if warnings else {}
        total = self.case.total(instance)
        if self.case.target is None:
            return {
                "label": "yes" if _share(total) >= 0.41 else "no",
                "score": _share(total),
                **more,
            }
        low, high = total - self.case.half_width, total + self.case.half_width
        value, low, high = (self._held(one) for one in (total, low, high))
        return {"value": value, "low": low, "high": high, **more}

    def _held(self, number: float) -> float:
        target = self.case.target or {}
        least, most = target.get("minimum"), target.get("maximum")
        return min(
            number if most is None else most, max(number if least is None else least, number)
        )

    def _warnings(self, instance: Json) -> list[str]:
        return [
            f"'{name}' {instance[name]} is above what was trained ({declared['minimum']} to "
            f"{declared['maximum']})"
            for name, declared in self.inputs.items()
            if declared["type"] == "number" and (instance[name] or 0) > declared["maximum"]
        ]

    def _faults(self, at: int, instance: Json) -> list[Json]:
        found = []
        for name, declared in self.inputs.items():
            value, where = instance.get(name), f"instances.{at}.{name}"
            if value is None and not declared.get("missing"):
                found.append({"where": where, "message": "Field required"})
            elif value == "unheard of" or value == 666:
                found.append({"where": where, "message": "the service does not know that"})
        return found

    def _explained(self, instances: list[Json]) -> Json:
        return {**self._head(), "explanations": [self._explanation(one) for one in instances]}

    def _explanation(self, instance: Json) -> Json:
        total = self.case.total(instance)
        held = {"base": self.case.base, "contributions": self.case.contributions(instance)}
        if self.case.target is not None:
            return {"value": total, **held}
        told = self._told(instance)
        return {"label": told["label"], "score": told["score"], "margin": total, **held}


def _share(margin: float) -> float:
    return 1 / (1 + math.exp(-margin))
