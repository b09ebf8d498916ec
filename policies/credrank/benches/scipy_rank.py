"""CredRank in numpy and scipy, for `scipy.rs` beside, which says what is measured.

Reads the chain that SourceCred wrote down, repeats it and says `ready`; then does a round for every line it is given and
prints the seconds that it took, the iterations and the first node's score.
"""

import json
import sys
import time
import zlib

import numpy as np
from scipy.sparse import coo_array

ALPHA, BETA, GAMMA = 0.1, 0.4, 0.1
TOLERANCE, MAX_ITERATIONS = 1e-7, 255


def arrays(path, copies):
    """What an epoch's columns hold: ends, weeks and weights of edges, and what nodes mint."""
    with open(path, "rb") as file:
        mpg = json.loads(zlib.decompress(file.read()))["mpg"]
    nodes, people, weeks = len(mpg["nodes"]), len(mpg["participants"]), len(mpg["epochStarts"])
    mint = np.tile([node["mint"] for node in mpg["nodes"]], copies)
    edges = mpg["indexedEdges"]
    all_nodes, all_people = nodes * copies, people * copies

    def states(key):
        state = np.array([edge[key] for edge in edges])
        week, person = np.divmod(state - nodes - 1, people + 1)
        places = []
        for copy in range(copies):
            as_person = all_nodes + 1 + week * (all_people + 1) + person + copy * people
            places.append(np.where(state < nodes, state + copy * nodes, as_person))
        return np.concatenate(places)

    weight = np.tile([edge["transitionProbability"] for edge in edges], copies)
    return mint, all_people, weeks, states("src"), states("dst"), weight


def credrank(mint, people, weeks, source, target, weight):
    nodes = len(mint)
    size = nodes + 1 + weeks * (people + 1)
    accumulators = nodes + 1 + np.arange(weeks) * (people + 1)
    of_weeks = accumulators[:, None] + 1 + np.arange(people)[None, :]
    is_person = np.zeros(size, dtype=bool)
    is_person[of_weeks.ravel()] = True

    leaving = np.bincount(source, weights=weight, minlength=size)
    spread = np.where(is_person, 1 - (ALPHA + BETA + 2 * GAMMA), 1 - ALPHA)
    probability = weight / leaving[source] * spread[source]
    after = np.vstack([of_weeks[1:], of_weeks[-1:]])
    before = np.vstack([of_weeks[:1], of_weeks[:-1]])
    payout = np.broadcast_to(accumulators[:, None], of_weeks.shape)
    people_weeks = of_weeks.ravel()
    count = people_weeks.size
    rows = np.concatenate([target, after.ravel(), before.ravel(), payout.ravel()])
    columns = np.concatenate([source, people_weeks, people_weeks, people_weeks])
    values = np.concatenate([probability, np.full(2 * count, GAMMA), np.full(count, BETA)])
    chain = coo_array((values, (rows, columns)), shape=(size, size)).tocsr()

    to_seed = np.where(leaving > 0, ALPHA, ALPHA + spread)
    to_seed[accumulators] = 1
    to_seed[nodes] = 0
    minted = mint / mint.sum()

    now = np.full(size, 1 / size)
    for iteration in range(MAX_ITERATIONS + 1):
        following = chain @ now
        following[:nodes] += minted * now[nodes]
        following[nodes] = to_seed @ now
        if np.abs(following - now).max() < TOLERANCE:
            break
        now = following
    return now * (mint.sum() / now[accumulators].sum()), iteration


def main():
    columns = arrays(sys.argv[1], int(sys.argv[2]))
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        scores, iterations = credrank(*columns)
        print(time.perf_counter() - start, iterations, repr(float(scores[0])), flush=True)


main()
