"""How much other programs slow a training down: `python benchmarks/threads_under_load.py`.

The threads of PyTorch (GNU OpenMP) wait for each other in every layer. By default they spin while they wait. If another
program has taken the core of the thread that they wait for, they spin for whole time slices. With
``OMP_WAIT_POLICY=passive``, which the workflow sets for its jobs, they sleep.

Steps of training of the demo's network are timed in processes of their own, under both policies by turns, alone and
beside programs that keep a core busy. The result is Markdown.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from demo_network import DEMO_NETWORK

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "workflow"))

POLICIES = {"spin (the default)": None, "sleep (passive)": "passive"}
BATCH_SIZE, SIZE_PX = 4, 256
BUSY = "while True: pass"


def step_seconds(threads: int, steps: int) -> list[float]:
    """Return the seconds of each of some steps of training, after one to warm up."""
    import torch

    from imfmap.learning.models import build_model

    torch.manual_seed(0)
    torch.set_num_threads(threads)
    network = build_model(DEMO_NETWORK).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.Adam(network.parameters(), fused=True)
    image = torch.rand(BATCH_SIZE, 1, SIZE_PX, SIZE_PX).contiguous(memory_format=torch.channels_last)
    seconds = []
    for _ in range(steps + 1):
        started = time.perf_counter()
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(network(image), (image > 0.5).float()).backward()
        optimiser.step()
        seconds.append(time.perf_counter() - started)
    return seconds[1:]


def under_policy(policy: str | None, threads: int, steps: int) -> list[float]:
    """Return what `step_seconds` finds in a process with a policy (None: OpenMP's own)."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if policy:
        environment["OMP_WAIT_POLICY"] = policy
    command = [sys.executable, __file__, "--step", "--threads", str(threads), "--steps", str(steps)]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return [float(value) for value in done.stdout.split()]


def measure(busy: int, threads: int, steps: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of all steps under each policy, by turns, beside some busy programs."""
    found = {name: [] for name in POLICIES}
    programs = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(busy)]
    try:
        for _ in range(rounds):
            for name, policy in POLICIES.items():
                found[name] += under_policy(policy, threads, steps)
    finally:
        for program in programs:
            program.kill()
            program.wait()
    return found


def report(found: dict[int, dict[str, list[float]]]) -> str:
    """Return the table in Markdown: for each number of busy programs, median and longest step under each policy."""
    lines = ["| busy programs beside it | " + " | ".join(POLICIES) + " | ratio |", "| --- |" + " --- |" * 3]
    for busy, by_policy in found.items():
        medians = [float(np.median(by_policy[name])) for name in POLICIES]
        cells = [
            f"{median:.2f} s, at most {max(by_policy[name]):.2f} s"
            for median, name in zip(medians, POLICIES, strict=True)
        ]
        lines.append(f"| {busy} | {' | '.join(cells)} | {medians[0] / medians[1]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="How much other programs slow a training down.")
    parser.add_argument("--busy", type=int, nargs="+", default=[0, 1, 2], help="numbers of busy programs")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(*step_seconds(given.threads, given.steps))
        return
    print(report({busy: measure(busy, given.threads, given.steps, given.rounds) for busy in given.busy}))


if __name__ == "__main__":
    main()
