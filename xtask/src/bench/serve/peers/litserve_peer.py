"""LitServe with the lean XGBoost prediction, in as many workers as asked for."""

import litserve
import numpy

import peer


class Late(litserve.LitAPI):
    def setup(self, device):
        self.booster = peer.load_booster()

    def decode_request(self, request):
        return numpy.array(request["rows"], dtype=numpy.float32)

    def predict(self, rows):
        return self.booster.inplace_predict(rows, validate_features=False)

    def encode_response(self, scores):
        return {"predictions": scores.tolist()}


if __name__ == "__main__":
    port = peer.free_port()
    peer.announce(port, "/health")
    server = litserve.LitServer(Late(), accelerator="cpu", workers_per_device=peer.WORKERS)
    server.run(host="127.0.0.1", port=port, log_level="warning", access_log=False,
               generate_client_file=False)
