"""FastAPI and ONNX Runtime as lean as they get: orjson, numpy, one thread in the runtime."""

import numpy
import onnxruntime
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

import peer

OPSET = 15


def start_session():
    booster = peer.load_booster()
    booster.feature_names = booster.feature_types = None
    kind = FloatTensorType([None, booster.num_features()])
    graph = convert_xgboost(booster, initial_types=[("rows", kind)], target_opset=OPSET)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(graph.SerializeToString(), options,
                                        providers=["CPUExecutionProvider"])


app = FastAPI()
session = start_session()
INPUT = session.get_inputs()[0].name
PROBABILITIES = session.get_outputs()[-1].name


@app.post("/predict")
async def predict(request: Request) -> Response:
    rows = numpy.array(orjson.loads(await request.body())["rows"], dtype=numpy.float32)
    (table,) = session.run([PROBABILITIES], {INPUT: rows})
    scores = numpy.ascontiguousarray(table[:, -1])
    answer = orjson.dumps({"predictions": scores}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(answer, media_type="application/json")


if __name__ == "__main__":
    port = peer.free_port()
    peer.announce(port, "/openapi.json")
    uvicorn.run("fastapi_onnxruntime:app", port=port, workers=peer.WORKERS, loop="uvloop",
                http="httptools", access_log=False, log_level="warning")
