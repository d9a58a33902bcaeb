"""What the peers of `cargo xtask bench serve` share: where the model is, and when to say ready.

A peer runs in a directory and a process group of its own. It prints its base URL as the first
line of standard output when it answers, and its group ends with the end of standard input.
Environment: PEER_MODEL, the XGBoost model; PEER_WORKERS, how many processes answer.
"""

import ctypes
import os
import signal
import socket
import threading
import time
import urllib.request

MODEL = os.environ["PEER_MODEL"]
# Of <sys/prctl.h>.
PR_SET_PDEATHSIG = 1
WORKERS = int(os.environ.get("PEER_WORKERS", "1"))


def load_booster():
    """The model, the trees that it predicts with, and one thread: requests are the parallelism."""
    import xgboost

    booster = xgboost.Booster(model_file=MODEL)
    booster = booster[: booster.best_iteration + 1]
    booster.set_param({"nthread": 1})
    return booster


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def announce(port, health):
    """From now on says ready as soon as `health` answers, and ends with whoever started this."""
    threading.Thread(target=_say_when_ready, args=(port, health), daemon=True).start()
    threading.Thread(target=_end_with_starter, daemon=True).start()


def end_with_parent():
    """For a worker that its server puts into a session of its own, out of reach of the group."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _say_when_ready(port, health):
    base = f"http://127.0.0.1:{port}"
    while True:
        try:
            with urllib.request.urlopen(base + health, timeout=5):
                break
        except OSError:
            time.sleep(0.1)
    # The server may have taken standard output for its log since.
    os.write(_STDOUT, f"{base}\n".encode())


def _end_with_starter():
    # Not sys.stdin: a worker that is forked meanwhile would inherit its lock, taken.
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


_STDOUT = os.dup(1)
os.dup2(2, 1)
