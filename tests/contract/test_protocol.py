"""The Open Inference Protocol, spoken by a client that knows nothing of us."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import tritonclient.http as triton

from tests.services import Service

URLS = ["paypa1-login.example/verify", "en.wikipedia.org/wiki/Yard"]


@pytest.fixture
def client(service: Service) -> Iterator[triton.InferenceServerClient]:
    made = triton.InferenceServerClient(service.url.removeprefix("http://"))
    yield made
    made.close()


def tensor(shape: tuple[int, ...] = (2,), *, binary: bool = True) -> triton.InferInput:
    made = triton.InferInput("url", list(shape), "BYTES")
    made.set_data_from_numpy(np.array(URLS, object).reshape(shape), binary_data=binary)
    return made


def test_server_and_model_are_ready(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("phishing")
    assert client.is_model_ready("phishing", "7")


def test_the_model_describes_its_tensors(client: triton.InferenceServerClient) -> None:
    found = client.get_model_metadata("phishing")

    assert found["inputs"] == [{"name": "url", "datatype": "BYTES", "shape": [-1]}]
    assert [each["name"] for each in found["outputs"]] == ["label", "score"]
    assert client.get_server_metadata()["name"] == "switchyard"


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_scores_are_those_of_predict(
    client: triton.InferenceServerClient, service: Service, shape: tuple[int, ...], binary: bool
) -> None:
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("score", "label")]

    found = client.infer("phishing", [tensor(shape, binary=binary)], outputs=outputs)

    expected = service.predict(*URLS).json()["predictions"]
    assert found.as_numpy("score").tolist() == [each["score"] for each in expected]
    labels = [
        each.decode() if isinstance(each, bytes) else each for each in found.as_numpy("label")
    ]
    assert labels == [each["label"] for each in expected]


def test_packed_requests_are_understood(client: triton.InferenceServerClient) -> None:
    found = client.infer("phishing", [tensor()], request_compression_algorithm="gzip")

    assert found.as_numpy("score").shape == (2,)


def test_the_callers_id_comes_back(client: triton.InferenceServerClient) -> None:
    assert client.infer("phishing", [tensor()], request_id="mine").get_response()["id"] == "mine"


@pytest.mark.parametrize("model", [("spam", ""), ("phishing", "99")])
def test_another_model_is_not_here(
    client: triton.InferenceServerClient, model: tuple[str, str]
) -> None:
    with pytest.raises(triton.InferenceServerException, match="there is no such"):
        client.infer(model[0], [tensor()], model_version=model[1])


def test_feedback_reaches_what_came_by_the_protocol(
    client: triton.InferenceServerClient, service: Service
) -> None:
    found = client.infer("phishing", [tensor()]).get_response()
    body = {"request_id": found["parameters"]["request_id"], "label": "benign", "instance": 1}

    assert httpx.post(f"{service.url}/feedback", json=body, timeout=120).status_code == 200


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"datatype": "FP32"}, "datatype must be BYTES"),
        ({"shape": [3]}, "2 elements"),
        ({"shape": [1, 2]}, "2 elements"),
        ({"data": [1, 2]}, "valid string"),
        ({"data": None}, "neither data nor binary_data_size"),
        ({"name": "link"}, "the inputs must be url"),
        ({"parameters": {"binary_data_size": 10}}, "fewer bytes"),
        ({"data": ["", "a.com"]}, "empty"),
    ],
)
def test_wrong_tensors_are_named(service: Service, change: dict[str, object], told: str) -> None:
    given = {"name": "url", "shape": [2], "datatype": "BYTES", "data": URLS, **change}

    answer = httpx.post(
        f"{service.url}/v2/models/phishing/infer", json={"inputs": [given]}, timeout=120
    )

    assert answer.status_code == 422, answer.text
    assert told in answer.json()["error"]
