"""Makes what the peers of `cargo xtask bench trees` need, and the plan that lists it.

prepare.py DATA SCRATCH: models are read from DATA, the fixtures of the tests; what is converted or
compiled from them goes to SCRATCH, and so does plan.json, last. A peer that cannot be had for a
model is listed in `left_out` with the reason.
"""

import json
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import catboost
import lightgbm
import lleaves
import onnx
import onnxruntime
import tl2cgen
import treelite
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

OPSET = 15
NOTE = """XGBoost, LightGBM and CatBoost read models of their own only, lleaves LightGBM's, tl2cgen
all but CatBoost's. CatBoost's wheel exports no C interface, and PyPI has no libcatboostmodel.so:
it is measured in a Python process of its own, in turn with the others, and as the C++ that it
writes. tl2cgen and that C++ are called row by row, which is all they offer. ONNX holds thresholds
in f32: a number next to one of LightGBM's may fall on its other side.""".replace("\n", " ")
C_FLAGS = ["-O3", "-shared", "-fPIC"]
# CatBoost's file defines a function of C++; this one can be called from elsewhere.
CATBOOST_IN_C = """
extern "C" double apply(const float* numbers, size_t count) {
    static std::vector<float> row;
    row.assign(numbers, numbers + count);
    return ApplyCatboostModel(row);
}
"""

data, scratch = (Path(argument).resolve() for argument in sys.argv[1:])


def main():
    plan = {
        "versions": {name: version(name) for name in
                     ["xgboost", "lightgbm", "catboost", "onnxruntime", "lleaves", "tl2cgen"]},
        "note": NOTE,
        "models": [
            model("xgb_binary_num", "model.json", "flights_numeric.csv", xgboost_peers),
            model("lgb_regression", "model.txt", "flights_numeric.csv", lightgbm_peers),
            model("lgb_binary_cat", "model.txt", "flights_categorical.csv", lightgbm_peers),
            model("cb_binary", "model.json", "flights_numeric.csv", catboost_peers),
        ],
    }
    (scratch / "plan.json").write_text(json.dumps(plan, indent=1))


def model(name, file, rows, peers_of):
    """One model of the plan; what fails for one peer is told, and leaves the others alone."""
    path, peers, left_out = data / name / file, [], []
    for peer, make in peers_of(name, path).items():
        try:
            peers.append({"name": peer, **make()})
        except Exception as error:  # noqa: BLE001
            left_out.append({"name": peer, "why": f"{type(error).__name__}: {error}"})
    return {"name": name, "file": str(path), "rows": str(data / rows), "peers": peers,
            "left_out": left_out}


def xgboost_peers(name, path):
    booster = xgboost.Booster(model_file=path)
    # Every reader gets the trees that predictions use, without a rule of its own for the rest.
    booster = booster[: booster.best_iteration + 1]
    booster.feature_names = booster.feature_types = None
    trees = scratch / f"{name}.json"
    booster.save_model(trees)

    def onnx_runtime():
        input_type = FloatTensorType([None, booster.num_features()])
        graph = convert_xgboost(booster, initial_types=[("x", input_type)], target_opset=OPSET)
        return onnx_peer(graph, name)

    return {
        "XGBoost": lambda: {"through": "xgboost", "interface": "C", "model": str(trees),
                            "library": shared_object(xgboost, "lib/libxgboost.so")},
        "ONNX Runtime": onnx_runtime,
        "tl2cgen": lambda: tl2cgen_peer(treelite.frontend.load_xgboost_model(trees), name),
    }


def lightgbm_peers(name, path):
    booster = lightgbm.Booster(model_file=path)

    def onnx_runtime():
        input_type = FloatTensorType([None, booster.num_feature()])
        return onnx_peer(convert_lightgbm(booster, initial_types=[("x", input_type)],
                                          zipmap=False, target_opset=OPSET), name)

    return {
        "LightGBM": lambda: {"through": "lightgbm", "interface": "C", "model": str(path),
                             "library": shared_object(lightgbm, "lib/lib_lightgbm.so")},
        "ONNX Runtime": onnx_runtime,
        "lleaves": lambda: lleaves_peer(path, name),
        "tl2cgen": lambda: tl2cgen_peer(treelite.frontend.load_lightgbm_model(path), name),
    }


def catboost_peers(name, path):
    model = catboost.CatBoost().load_model(path, format="json")
    binary = scratch / f"{name}.cbm"
    model.save_model(binary)
    command = [sys.executable, str(Path(__file__).with_name("catboost_peer.py")), str(binary)]

    def onnx_runtime():
        converted = scratch / f"{name}.zipmap.onnx"
        model.save_model(converted, format="onnx")
        return onnx_peer(without_zipmap(onnx.load(converted)), name)

    def exported():
        start = time.perf_counter()
        source = scratch / f"{name}.cpp"
        model.save_model(source, format="cpp")
        source.write_text(source.read_text() + CATBOOST_IN_C)
        library = compiled_by("g++", source)
        return {"through": "catboost_cpp", "library": library,
                "interface": f"C++ that it writes, g++ -O3 in {seconds(start)}"}

    return {
        "CatBoost, array": lambda: {"through": "python", "interface": "Python, numpy array",
                                    "command": [*command, "array"]},
        "CatBoost, pool": lambda: {"through": "python", "interface": "Python, Pool made before",
                                   "command": [*command, "pool"]},
        "CatBoost, exported": exported,
        "ONNX Runtime": onnx_runtime,
    }


def onnx_peer(graph, name):
    path = scratch / f"{name}.onnx"
    rename_input(graph)
    path.write_bytes(graph.SerializeToString())
    output = graph.graph.output[-1].name
    library = f"capi/libonnxruntime.so.{version('onnxruntime')}"
    return {"through": "onnxruntime", "interface": "C", "model": str(path), "output": output,
            "columns": 2 if output == "probabilities" else 1,
            "library": shared_object(onnxruntime, library)}


def rename_input(graph):
    """The input is `x`, whatever the converter called it."""
    old = graph.graph.input[0].name
    graph.graph.input[0].name = "x"
    for node in graph.graph.node:
        node.input[:] = ["x" if name == old else name for name in node.input]


def without_zipmap(graph):
    """The classifier's own table of probabilities instead of a list of dictionaries."""
    classifier, zipmap = graph.graph.node
    table = onnx.helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, [None, 2])
    classifier.output[1] = "probabilities"
    graph.graph.node.remove(zipmap)
    graph.graph.output.pop()
    graph.graph.output.append(table)
    return graph


def lleaves_peer(path, name):
    start = time.perf_counter()
    compiled = scratch / f"{name}.lleaves.o"
    # The small code model is the faster one, and may be had where functions lie close together.
    lleaves.Model(model_file=path).compile(cache=compiled, fcodemodel="small")
    library = compiled.with_suffix(".so")
    subprocess.run(["cc", "-shared", "-o", library, compiled, "-lm"], check=True)
    return {"through": "lleaves", "library": str(library),
            "interface": f"the function that it compiles in {seconds(start)}"}


def tl2cgen_peer(trees, name):
    start = time.perf_counter()
    directory = scratch / f"{name}.tl2cgen"
    tl2cgen.generate_c_code(trees, dirpath=directory, params={})
    library = compiled_by("gcc", directory / "main.c")
    return {"through": "tl2cgen", "library": library,
            "interface": f"C that it writes, gcc -O3 in {seconds(start)}"}


def compiled_by(compiler, source):
    library = source.with_suffix(".so")
    subprocess.run([compiler, *C_FLAGS, "-o", library, source, "-lm"], check=True)
    return str(library)


def seconds(start):
    return f"{time.perf_counter() - start:.1f} s"


def shared_object(package, path):
    found = Path(package.__file__).parent / path
    if not found.is_file():
        raise FileNotFoundError(found)
    return str(found)


main()
