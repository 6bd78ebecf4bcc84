"""A round trip of step_oracle.py without ganc: names of our own, a permuted and a reshaped tensor, errors that name what is wrong.

    python test_step_oracle.py
"""

import json
import os
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file

from ugatit import Config, Trainer

SETTINGS = {"size": 64, "ch": 4, "blocks": 1, "global_depth": 6, "local_depth": 4}


def main() -> int:
    here = os.path.dirname(os.path.abspath(__file__))
    torch.manual_seed(7)
    trainer = Trainer(Config.of(**SETTINGS), "published", keep_gradients=True, dtype=torch.float64)
    tensors, mapping = {}, {"config": SETTINGS, "parameters": {}, "state": {}}
    for name, net in trainer.nets.items():
        parameters = dict(net.named_parameters())
        for key, value in net.state_dict().items():
            ours, entry = f"{name}/{key}", {"net": name, "key": key}
            if key.endswith("rho"):  # our vector[C]
                value, entry["shape"] = value.reshape(-1), "reshape"
            elif key == "DownBlock.1.weight":  # as if we kept HWIO
                value, entry["permute"] = value.permute(2, 3, 1, 0), [3, 2, 0, 1]
            tensors[ours] = value.contiguous().clone()
            mapping["parameters" if key in parameters else "state"][ours] = entry
    batches = [tuple(torch.rand(2, 3, 48, 80, dtype=torch.float64) * 2 - 1 for _ in "AB") for _ in range(3)]
    for i, (a, b) in enumerate(batches, 1):
        tensors[f"A.{i}"], tensors[f"B.{i}"] = a, b

    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("in.safetensors", "map.json", "out.safetensors")]
        save_file(tensors, paths[0])

        def call(*options: str) -> subprocess.CompletedProcess:
            with open(paths[1], "w") as file:
                json.dump(mapping, file)
            command = [sys.executable, os.path.join(here, "step_oracle.py"), *paths, *options]
            return subprocess.run(command, capture_output=True, text=True)

        done = call("--steps", "3")
        assert done.returncode == 0, done.stderr
        out = load_file(paths[2])
        for step, (a, b) in enumerate(batches, 1):
            losses = trainer.step(a, b)
            for term, value in losses.items():
                assert torch.equal(out[f"step.{step}.loss.{term}"], value), term
            if step == 2:
                assert not any(name.startswith("step.2.parameter") for name in out)
                continue
            for section in ("parameters", "state"):
                for ours, entry in mapping[section].items():
                    expected = trainer.nets[entry["net"]].state_dict()[entry["key"]]
                    found = out[f"step.{step}.{section.rstrip('s') if section == 'parameters' else 'state'}.{ours}"]
                    assert found.shape == tensors[ours].shape and found.dtype == torch.float64
                    back = found.permute(3, 2, 0, 1) if "permute" in entry else found
                    assert torch.equal(back.reshape(expected.shape), expected), ours
            key = "genA2B/DownBlock.1.weight"
            gradient = trainer.gradients["genA2B"]["DownBlock.1.weight"]
            assert torch.equal(out[f"step.{step}.gradient.{key}"].permute(3, 2, 0, 1), gradient)
        print(f"ok   3 steps, {len(out)} tensors come back in the caller's names and shapes")

        done = call("--steps", "1", "--dtype", "float32", "--kind", "tuned")
        single = load_file(paths[2])
        drift = max(
            abs(single[name].item() / out[name].item() - 1) for name in single if name.startswith("step.1.loss.")
        )
        assert done.returncode == 0 and drift < 1e-4, (done.stderr, drift)
        print(f"ok   float32, tuned: losses within {drift:.1e}")

        removed = mapping["parameters"].pop("disGA/conv1x1.bias")
        done = call()
        assert done.returncode == 1 and "leaves out disGA.conv1x1.bias" in done.stderr, done.stderr
        mapping["missing"] = [removed]
        assert call("--no-outputs", "--no-moments", "--no-gradients").returncode == 0
        mapping["parameters"]["disGA/conv1x1.bias"] = {**removed, "key": "conv1x1.weight"}
        assert call().returncode == 1
        mapping["parameters"]["disGA/conv1x1.bias"] = {**removed, "key": "conv1x1.bais"}
        done = call()
        assert done.returncode == 1 and "no 'conv1x1.bais'" in done.stderr and "Traceback" not in done.stderr, done.stderr
        print("ok   wrong mappings are named")
    return 0


if __name__ == "__main__":
    sys.exit(main())
