"""`mlserver_asks.py URL TEXT…`: what MLServer's own types and codecs make of an answer, as JSON."""

import json
import sys
import urllib.request

from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse

base, texts = sys.argv[1], sys.argv[2:]
asked = InferenceRequest(inputs=[StringCodec.encode_input("url", texts)])
request = urllib.request.Request(
    f"{base}/v2/models/phishing/infer",
    asked.model_dump_json().encode(),
    {"content-type": "application/json"},
)
with urllib.request.urlopen(request) as reply:
    answer = InferenceResponse.model_validate_json(reply.read())
label, score = answer.outputs
print(
    json.dumps(
        {
            "label": StringCodec.decode_output(label),
            "score": NumpyCodec.decode_output(score).tolist(),
        }
    )
)
