"""FastAPI and XGBoost as lean as they get: orjson, numpy, in-place prediction on one thread."""

import numpy
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

import peer

app = FastAPI()
booster = peer.load_booster()


@app.post("/predict")
async def predict(request: Request) -> Response:
    rows = numpy.array(orjson.loads(await request.body())["rows"], dtype=numpy.float32)
    scores = booster.inplace_predict(rows, validate_features=False)
    answer = orjson.dumps({"predictions": scores}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(answer, media_type="application/json")


if __name__ == "__main__":
    port = peer.free_port()
    peer.announce(port, "/openapi.json")
    uvicorn.run("fastapi_xgboost:app", port=port, workers=peer.WORKERS, loop="uvloop",
                http="httptools", access_log=False, log_level="warning")
