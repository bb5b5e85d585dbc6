"""The yardstick of `npm run bench -- trainer`: numpy and PyTorch on one thread, as their users write it.

Orders come as JSON, a line each, on stdin; an answer of one line goes to stdout. Plain tensors in memory: a batch is X[i:i+n].
Of exercise 2 an epoch is a permutation, eight steps of up to 32 rows, and loss and metrics of the validation part.
"""
import base64
import json
import os
import sys
import time
from pathlib import Path

# OpenBLAS has threads of its own, which torch.set_num_threads does not reach, and asks for their number as it is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import torch
from torch import nn

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent.parent / "fixtures" / "torch"))
from sequential import build  # noqa: E402

torch.set_num_threads(1)


class Exercise1:
    """The tutorial's numpy loop; a unit is 1,000 epochs."""

    def __init__(self, epochs):
        self.epochs = epochs
        np.random.seed(42)
        x = np.random.rand(100, 1)
        y = 1 + 2 * x + 0.1 * np.random.randn(100, 1)
        order = np.arange(100)
        np.random.shuffle(order)
        self.x, self.y = x[order[:80]], y[order[:80]]

    def unit(self):
        np.random.seed(42)
        a, b = np.random.randn(1), np.random.randn(1)
        for _ in range(self.epochs):
            error = self.y - (a + b * self.x)
            loss = (error**2).mean()
            a, b = a - 0.1 * (-2 * error.mean()), b - 0.1 * (-2 * (self.x * error).mean())
        return [a[0], b[0], loss]


class Exercise2:
    """A unit is an epoch."""

    def __init__(self, layers, features, labels, train, seed):
        torch.manual_seed(seed)
        read = lambda text: torch.from_numpy(np.frombuffer(base64.b64decode(text), np.float32).copy())
        self.y = read(labels)[:, None]
        self.x, self.train = read(features).reshape(len(self.y), -1), train
        self.net = build(layers, (self.x.shape[1],), np.random.RandomState(seed))
        self.optimizer = torch.optim.RMSprop(self.net.parameters(), lr=0.001, alpha=0.9, eps=1e-7)
        self.criterion = nn.MSELoss()

    def unit(self):
        order, loss = torch.randperm(self.train), 0.0
        for i in range(0, self.train, 32):
            rows = order[i : i + 32]
            self.optimizer.zero_grad()
            batch = self.criterion(self.net(self.x[rows]), self.y[rows])
            batch.backward()
            self.optimizer.step()
            loss += batch.item() * len(rows)
        with torch.no_grad():
            error = self.net(self.x[self.train :]) - self.y[self.train :]
            return [loss / self.train, (error**2).mean().item(), error.abs().mean().item()]


class Steps:
    """A unit is a step of SGD with momentum on one batch, as in the tutorial's training loop."""

    def __init__(self, layers, shape, batchSize, rows, seed, learningRate, momentum):
        random = np.random.RandomState(seed)
        self.net = build(layers, tuple(shape), random)
        features = (random.rand(rows, *shape) * 2 - 1).astype(np.float32)
        if len(shape) == 3:
            features = np.ascontiguousarray(features.transpose(0, 3, 1, 2))
        classes = np.floor(random.rand(rows) * layers[-1]["units"]).astype(np.int64)
        self.x, self.y, self.size, self.at = torch.from_numpy(features), torch.from_numpy(classes), batchSize, 0
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=learningRate, momentum=momentum)
        self.criterion = nn.CrossEntropyLoss()

    def unit(self):
        x, y = self.x[self.at : self.at + self.size], self.y[self.at : self.at + self.size]
        self.at = (self.at + self.size) % len(self.x)
        self.optimizer.zero_grad()
        loss = self.criterion(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return [loss.item()]


KINDS = {"exercise1": Exercise1, "exercise2": Exercise2, "steps": Steps}


def blas():
    """What multiplies matrices: the file that the loader has put in, whatever its name in the path."""
    torch.ones(8, 8) @ torch.ones(8, 8)
    mapped = {line.split(maxsplit=5)[-1].strip() for line in open("/proc/self/maps") if "blas" in line or "mkl_rt" in line}
    names = sorted({Path(path).resolve().name for path in mapped if "linalg" not in path})
    fast = [name for name in names if any(word in name for word in ("openblas", "mkl", "blis", "atlas"))]
    return {"name": (fast or names or ["none"])[0], "reference": not fast}


def main():
    made = {}
    versions = {"numpy": np.__version__, "torch": torch.__version__, "blas": blas()}
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "make" in order:
            made[order["name"]] = KINDS[order["make"]](**order["of"])
            print("{}", flush=True)
            continue
        one, units, values = made[order["name"]], 0, []
        began, processor = time.perf_counter(), time.process_time()
        while units < order["units"] or time.perf_counter() - began < order["seconds"]:
            values.append(one.unit())
            units += 1
        cost = {
            "milliseconds": (time.perf_counter() - began) * 1000 / units,
            "processorMilliseconds": (time.process_time() - processor) * 1000 / units,
        }
        print(json.dumps({"cost": cost, "values": values[:8], "last": values[-1]}), flush=True)


if __name__ == "__main__":
    main()
