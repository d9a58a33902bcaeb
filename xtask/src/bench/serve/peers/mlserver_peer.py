"""MLServer with its own XGBoost runtime, over the Open Inference Protocol.

PEER_WORKERS=0 predicts in the server's process, which is the faster choice for a small model.
"""

import json
import subprocess
import sys
from pathlib import Path

import peer

SETTINGS = {"debug": False, "host": "127.0.0.1", "parallel_workers": peer.WORKERS,
            "metrics_endpoint": None, "gzip_enabled": False}
MODEL = {"name": "late", "implementation": "mlserver_xgboost.XGBoostModel",
         "parameters": {"uri": peer.MODEL}}

port = peer.free_port()
ports = {"http_port": port, "grpc_port": peer.free_port(), "metrics_port": peer.free_port()}
Path("settings.json").write_text(json.dumps({**SETTINGS, **ports}))
Path("model-settings.json").write_text(json.dumps(MODEL))
peer.announce(port, "/v2/health/ready")
program = Path(sys.executable).with_name("mlserver")
subprocess.run([str(program), "start", "."], check=True, stdin=subprocess.DEVNULL)
