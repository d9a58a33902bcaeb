"""FastAPI and XGBoost as they are usually written: a pydantic model and a DataFrame a request."""

import pandas
import uvicorn
import xgboost
from fastapi import FastAPI
from pydantic import BaseModel

import peer


class Flight(BaseModel):
    hour: float
    minute: float
    dow: float
    distance: float
    temp: float
    dewp: float
    humid: float
    wind_dir: float
    wind_speed: float
    wind_gust: float
    precip: float
    pressure: float
    visib: float
    plane_year: float
    seats: float
    engines: float


class Flights(BaseModel):
    instances: list[Flight]


app = FastAPI()
model = xgboost.XGBClassifier()
model.load_model(peer.MODEL)


@app.post("/predict")
def predict(flights: Flights):
    frame = pandas.DataFrame([flight.model_dump() for flight in flights.instances])
    return {"predictions": model.predict_proba(frame)[:, 1].tolist()}


if __name__ == "__main__":
    port = peer.free_port()
    peer.announce(port, "/openapi.json")
    uvicorn.run("fastapi_typical:app", port=port, workers=peer.WORKERS, access_log=False,
                log_level="warning")
