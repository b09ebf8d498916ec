"""The sums of the policy `influence`, in numpy: by output, by data point, by data set, by contributor.

Beside it in a folder lie columns as raw little-endian numbers. For every line on standard input the sums are made once;
the line that is printed has the seconds that this took and the largest contributor's part of all.
"""

import sys
import time

import numpy as np

folder = sys.argv[1]


def column(name, kind):
    # The indices as numpy counts by them: converting is not timed.
    values = np.fromfile(f"{folder}/{name}", dtype=kind)
    return values.astype(np.int64) if kind == "<u4" else values


output, point, score = column("output", "<u4"), column("point", "<u4"), column("score", "<f8")
fee, quality = column("fee", "<f8"), column("quality", "<f8")
data_set, person = column("set", "<u4"), column("person", "<u4")


def sums():
    counted = np.maximum(score, 0.0)
    total = np.bincount(output, counted, len(fee))
    rate = np.divide(fee, total, out=np.zeros_like(fee), where=total > 0)
    by_point = np.bincount(point, rate[output] * counted, len(quality))
    by_set = np.bincount(data_set, by_point)
    points = np.bincount(data_set, quality)
    share = np.divide(by_set, points, out=np.zeros_like(points), where=points > 0)
    return np.bincount(person, share[data_set] * quality)


print(np.__version__, flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    earned = sums()
    seconds = time.perf_counter() - start
    print(seconds, earned.max() / earned.sum(), flush=True)
