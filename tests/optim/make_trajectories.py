"""Run PyTorch's update rules and store where they go: ``PYTHONPATH=tests python tests/optim/make_trajectories.py``.

The numbers are hexadecimal floats, exact to the last bit.
"""

import json

import torch

from optim.rules import KEPT, N_STEPS, RULES, START, TRAJECTORIES, gradient, torch_update


def main() -> None:
    """Write trajectories.json."""
    rules = {}
    for name, rule in RULES.items():
        after = torch_update(rule, START, gradient, N_STEPS)
        rules[name] = {t: [float(w).hex() for w in after[t - 1]] for t in KEPT}
    content = {"torch": torch.__version__, "rules": rules}
    TRAJECTORIES.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
