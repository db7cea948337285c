"""The matrix-product rate that this machine reaches: one line of JSON, GFLOP/s of one process by precision.

python -m benchmarks.gemm --threads T
"""

import argparse
import json
import time

import torch

SIZES = ((2048, 128, 512), (2048, 512, 128), (1024, 1024, 1024))  # two of the model's products, one large
LARGE = {"cpu": (1024, 1024, 1024), "cuda": (8192, 8192, 8192)}
REPEATS = 5


def rate(dtype: torch.dtype, m: int, k: int, n: int, device: torch.device | str = "cpu") -> float:
    """FLOP/s of an (m, k) x (k, n) product: the best of REPEATS timings of 0.1 s or more."""
    a, b = torch.randn(m, k, dtype=dtype, device=device), torch.randn(k, n, dtype=dtype, device=device)
    wait = torch.cuda.synchronize if a.is_cuda else lambda: None
    best, count = 0.0, 1
    for _ in range(REPEATS):
        while True:
            wait()
            began = time.perf_counter()
            for _ in range(count):
                a @ b
            wait()
            seconds = time.perf_counter() - began
            if seconds > 0.1:
                break
            count *= 2
        best = max(best, 2 * m * k * n * count / seconds)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    peak = {
        str(dtype).removeprefix("torch."): max(rate(dtype, *size) for size in SIZES) / 1e9
        for dtype in (torch.bfloat16, torch.float32)
    }
    print(json.dumps(peak))


if __name__ == "__main__":
    main()
