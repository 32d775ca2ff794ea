"""`kserve_asks.py URL TEXT…`: what KServe's own client gets, as JSON."""

import asyncio
import json
import sys

from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig


async def ask(base: str, texts: list[str]) -> None:
    """Print the outputs by name."""
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=60))
    ready = [
        await client.is_server_live(base),
        await client.is_server_ready(base),
        await client.is_model_ready(base, "phishing"),
    ]
    tensor = InferInput(name="url", shape=[len(texts)], datatype="BYTES", data=texts)
    request = InferRequest(model_name="phishing", infer_inputs=[tensor])
    answer = await client.infer(base, request, model_name="phishing")
    print(json.dumps({"ready": ready} | {each.name: each.data for each in answer.outputs}))


asyncio.run(ask(sys.argv[1], sys.argv[2:]))
