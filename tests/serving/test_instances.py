"""Bodies of requests for tables: what is taken, what is refused, and how it is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchyard.packages.manifest import AnyInput, Category, Number
from switchyard.serving.instances import InstanceParser, refuse_repeated_keys
from switchyard.serving.problems import Problem
from switchyard.serving.samples import sample_instances

INPUTS: dict[str, AnyInput] = {
    'level of "education"': Category(type="category", values=("college", "none")),
    "wine 🍷": Category(type="category", values=("red",), other=True, missing=True),
    "fixed acidity": Number(type="number", minimum=4.6, maximum=15.9),
    "rooms": Number(type="number", minimum=1, maximum=9, integer=True, missing=True),
}
ROW: dict[str, Any] = {
    'level of "education"': "none",
    "wine 🍷": "rosé",
    "fixed acidity": 7.4,
    "rooms": 3,
}


@pytest.fixture(scope="module")
def parser() -> InstanceParser:
    return InstanceParser(INPUTS, 100)


def body(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"instances": rows}).encode()


def refusal(parser: InstanceParser, content: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        parser.columns(content)
    return caught.value


def test_rows_become_columns_whatever_the_order_of_their_keys(parser: InstanceParser) -> None:
    backwards = dict(reversed(ROW.items()))

    found = parser.columns(body(ROW, backwards, {**ROW, "rooms": None}))

    assert found["fixed acidity"] == [7.4] * 3
    assert found["rooms"] == [3, 3, None]


def test_what_may_be_missing_may_be_left_out(parser: InstanceParser) -> None:
    left = {name: value for name, value in ROW.items() if name not in ("rooms", "wine 🍷")}

    assert parser.columns(body(left))["rooms"] == [None]
    assert parser.columns(body(left, ROW))["wine 🍷"] == [None, "rosé"]


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("fixed acidity", "NaN", "finite number"),
        ("fixed acidity", "Infinity", "finite number"),
        ("fixed acidity", "1e400", "finite number"),
        ("fixed acidity", "9" * 400, "finite number"),
        ("fixed acidity", "true", "valid number"),
        ("fixed acidity", '"5"', "valid number"),
        ("fixed acidity", "null", "valid number"),
        ('level of "education"', '"college x"', "is none of 'college', 'none'"),
        ('level of "education"', "1", "is none of 'college', 'none'"),
        ('level of "education"', "null", "is none of 'college', 'none'"),
        ("wine 🍷", '""', "at least 1 character"),
    ],
)
def test_a_value_that_is_none_is_refused_under_its_own_name(
    parser: InstanceParser, name: str, written: str, message: str
) -> None:
    marked = json.dumps({"instances": [ROW, {**ROW, name: "HERE"}]}).replace('"HERE"', written)

    problem = refusal(parser, marked.encode())

    assert problem.status == 422
    assert problem.faults[0]["where"] == f"instances.1.{name}"
    assert message in problem.faults[0]["message"]


def test_a_key_that_is_not_declared_is_not_repeated_in_the_answer(parser: InstanceParser) -> None:
    problem = refusal(parser, body({**ROW, "<b>": 1}))

    assert problem.faults[0]["where"] == "instances.0.?b?"


@pytest.mark.parametrize(("name", "told"), [("<b>", "?b?"), ("wine 🍷", "wine 🍷")])
def test_a_key_that_stands_twice_is_repeated_only_where_it_is_declared(
    name: str, told: str
) -> None:
    with pytest.raises(Problem) as caught:
        refuse_repeated_keys(f'{{"{name}":1,"{name}":2}}'.encode(), ("wine 🍷",))

    assert caught.value.detail == f"the key '{told}' stands twice in one object"


def test_of_many_categories_few_are_told(parser: InstanceParser) -> None:
    values = tuple(f"c{at}" for at in range(60))
    many = InstanceParser({"a": Category(type="category", values=values)}, 9)

    problem = refusal(many, b'{"instances":[{"a":"x"}]}')

    assert problem.faults[0]["message"].endswith("'c6', 'c7' and 52 more")


def test_a_key_left_out_does_not_hide_one_that_stands_twice(parser: InstanceParser) -> None:
    rows = [json.dumps(ROW)] * 2
    rows[0] = rows[0].replace(', "rooms": 3', "")
    rows[1] = rows[1].replace('"fixed acidity": 7.4', '"fixed acidity": 7.4, "fixed acidity": 99')
    content = '{"instances":[' + ",".join(rows) + "]}"

    assert len(parser.columns(content.replace(', "fixed acidity": 99', "").encode())["rooms"]) == 2
    problem = refusal(parser, content.replace(": ", ":").encode())
    assert (problem.status, "'fixed acidity' stands twice" in problem.detail) == (400, True)
    assert refusal(parser, content.encode()).status == 400


@given(st.lists(st.sampled_from([*ROW, "rooms", "wine 🍷"]), max_size=6), st.booleans())
def test_a_key_that_stands_twice_is_always_found(extra: list[str], tight: bool) -> None:
    parser = InstanceParser(INPUTS, 100)
    names = ['level of "education"', "fixed acidity", *extra]
    pairs = [f"{json.dumps(name)}: {json.dumps(ROW[name])}" for name in names]
    content = '{"instances": [{' + ", ".join(pairs) + "}]}"
    content = content.replace(": ", ":") if tight else content

    if len(set(names)) == len(names):
        assert parser.columns(content.encode())["fixed acidity"] == [7.4]
    else:
        assert refusal(parser, content.encode()).status == 400


def test_samples_are_taken_by_the_schema_and_are_the_same_again(parser: InstanceParser) -> None:
    rows = sample_instances(INPUTS, 60, 5)

    assert rows == sample_instances(INPUTS, 60, 5) != sample_instances(INPUTS, 60, 6)
    columns = parser.columns(body(*rows))
    assert all(4.6 <= value <= 15.9 for value in columns["fixed acidity"])
    assert all(row["rooms"] is None or type(row["rooms"]) is int for row in rows)
    assert None not in rows[0].values()
    assert any(row["rooms"] is None for row in rows)


@pytest.mark.parametrize("count", [2, 200])
@pytest.mark.parametrize("other", [True, False])
def test_blanks_around_a_category_are_dropped_however_many_there_are(
    count: int, other: bool
) -> None:
    values = tuple(f"c{at}" for at in range(count))
    declared = Category(type="category", values=values, other=other)

    found = InstanceParser({"a": declared}, 9).columns(body({"a": " c1\t"}, {"a": "c0"}))

    assert found == {"a": ["c1", "c0"]}
