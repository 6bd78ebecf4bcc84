"""Holds .onnx files against ONNX's own checker.

    python check_onnx.py [--load] [--quiet] FILE.onnx|DIR ...

For each file (a directory: every .onnx below it):
    * onnx.checker.check_model(full_check=True), external data included
    * onnx.shape_inference with strict_mode and data_prop, and no contradiction with the shapes the file declares
    * every operator is in the default domain (ai.onnx), in subgraphs and local functions too, and no other domain is imported
    * --load: Python's onnxruntime loads it, optimizing, and says nothing (no warning, no error on stderr)
One line a file, and a last line `N passed, N failed`. Exit code 1 if any failed or none was found.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import onnx
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto

DEFAULT_DOMAINS = ("", "ai.onnx")


def nodes_of(nodes: list[NodeProto]) -> Iterator[NodeProto]:
    """Every node, those of subgraphs included."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            graphs: list[GraphProto] = []
            if attribute.type == AttributeProto.GRAPH:
                graphs = [attribute.g]
            elif attribute.type == AttributeProto.GRAPHS:
                graphs = list(attribute.graphs)
            for graph in graphs:
                yield from nodes_of(graph.node)


def all_nodes(model: ModelProto) -> Iterator[NodeProto]:
    yield from nodes_of(model.graph.node)
    for function in model.functions:
        yield from nodes_of(function.node)


def domain_problems(model: ModelProto) -> list[str]:
    foreign = sorted({f"{n.domain}::{n.op_type}" for n in all_nodes(model) if n.domain not in DEFAULT_DOMAINS})
    imported = sorted({o.domain for o in model.opset_import if o.domain not in DEFAULT_DOMAINS})
    problems = [f"operators outside ai.onnx: {', '.join(foreign)}"] if foreign else []
    return problems + ([f"imports other domains: {', '.join(imported)}"] if imported else [])


@contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """What C++ writes to file descriptor 2 meanwhile (onnxruntime's log goes there)."""
    said: list[str] = []
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield said
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            file.seek(0)
            said.append(file.read().decode(errors="replace").strip())


def load_problems(path: str) -> list[str]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 2  # warnings and worse
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    try:
        with captured_stderr() as said:
            onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as problem:
        return [f"onnxruntime refuses it: {first_line(problem)}"]
    return [f"onnxruntime warns: {first_line(said[0])}"] if said[0] else []


def first_line(problem: object) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0][:400] if lines else type(problem).__name__


def check(path: str, load: bool) -> tuple[list[str], str]:
    """(problems, a few words on what it is)."""
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as problem:
        return [f"not read: {first_line(problem)}"], ""
    problems: list[str] = []
    try:
        onnx.checker.check_model(path, full_check=True)  # by path: files over 2 GB, and external data is looked for
    except Exception as problem:
        problems.append(f"checker: {first_line(problem)}")
    try:
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception as problem:
        problems.append(f"shape inference: {first_line(problem)}")
    problems += domain_problems(model)
    if load:
        problems += load_problems(path)
    opset = next((o.version for o in model.opset_import if o.domain in DEFAULT_DOMAINS), "none")
    external = sum(t.data_location == onnx.TensorProto.EXTERNAL for t in model.graph.initializer)
    about = f"{sum(1 for _ in all_nodes(model))} nodes, opset {opset}, ir {model.ir_version}"
    return problems, about + (f", {external} tensors in external data" if external else "")


def files(paths: list[str]) -> Iterator[str]:
    for path in paths:
        if os.path.isdir(path):
            for folder, _, names in sorted(os.walk(path)):
                yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".onnx"))
        else:
            yield path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--quiet", action="store_true", help="print failures and the last line only")
    args = parser.parse_args()
    passed = failed = 0
    for path in files(args.paths):
        problems, about = check(path, args.load)
        if problems:
            failed += 1
            print(f"FAIL {path}: {'; '.join(problems)}")
        else:
            passed += 1
            if not args.quiet:
                print(f"ok   {path}: {about}")
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
