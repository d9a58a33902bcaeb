"""BentoML with the lean XGBoost prediction; started as a program, it runs `bentoml serve`."""

import subprocess
import sys
from pathlib import Path

import bentoml
import numpy

import peer


@bentoml.service(workers=peer.WORKERS, logging={"access": {"enabled": False}})
class Late:
    def __init__(self) -> None:
        peer.end_with_parent()
        self.booster = peer.load_booster()

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[float]:
        table = numpy.array(rows, dtype=numpy.float32)
        return self.booster.inplace_predict(table, validate_features=False).tolist()


if __name__ == "__main__":
    port = peer.free_port()
    peer.announce(port, "/readyz")
    subprocess.run([sys.executable, "-m", "bentoml", "serve", "bentoml_peer:Late",
                    "--working-dir", str(Path(__file__).parent), "--host", "127.0.0.1",
                    "--port", str(port)], check=True, stdin=subprocess.DEVNULL)
