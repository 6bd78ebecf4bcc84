"""Makes test/golden/oracle/adam.json: torch.optim.Adam in float64 over a small tensor for a few steps, with and without its
coupled decay, and with the projection that follows a step of U-GAT-IT's rho.

    /path/to/venv/bin/python test/oracle/adam_golden.py
"""
import json
import pathlib

import torch

OUT = pathlib.Path(__file__).parent.parent / "golden" / "oracle" / "adam.json"
COUNT, STEPS = 37, 4

torch.manual_seed(11)
cases = []
for decay, betas, within in ((0.0, (0.9, 0.999), None), (1e-2, (0.5, 0.999), None), (1e-4, (0.5, 0.999), (0.0, 1.0))):
    start = torch.rand(COUNT, dtype=torch.float32).double() * (1.0 if within else 2.0) - (0.0 if within else 1.0)
    gradients = torch.randn(STEPS, COUNT, dtype=torch.float32).double()
    gradients[:, 0] = 0  # a weight whose gradient is nothing but its decay
    p = torch.nn.Parameter(start.clone())
    adam = torch.optim.Adam([p], lr=0.05, betas=betas, eps=1e-8, weight_decay=decay)
    for g in gradients:
        p.grad = g.clone()
        adam.step()
        if within:
            p.data.clamp_(*within)
    state = adam.state[p]
    cases.append({
        "rate": 0.05, "betas": betas, "eps": 1e-8, "decay": decay, "within": within, "start": start.tolist(), "gradients": gradients.tolist(),
        "param": p.data.tolist(), "m": state["exp_avg"].tolist(), "v": state["exp_avg_sq"].tolist(),
    })
OUT.write_text(json.dumps({"made_by": f"test/oracle/adam_golden.py, torch {torch.__version__}", "cases": cases}))
