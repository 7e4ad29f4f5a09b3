"""M on a whole tree in numpy: V tokens, horizon T, with or without EOS. Prints the best milliseconds of each formulation.

plain:   whole levels, reductions along the last axis
columns: whole levels, maxima and sums column by column (rows are short, which numpy's reductions dislike)
blocks:  columns, on blocks of rows that stay in the second-level cache
All write logits and values of every level into new arrays, as Arbel does.
"""
import json
import sys
import time

import numpy as np

vocabulary, horizon, eos, repeats = (int(argument) for argument in sys.argv[1:5])
actions = vocabulary + eos
random = np.random.default_rng(1)
rewards = [random.uniform(-2, 2, (vocabulary**depth, actions)) for depth in range(horizon)]
if eos:
    rewards[-1][:, :vocabulary] = -np.inf


def backed_up(reward, following, logits):
    if following is None:
        logits[:] = reward
        return
    np.add(reward[:, :vocabulary], following.reshape(-1, vocabulary), out=logits[:, :vocabulary])
    if eos:
        logits[:, vocabulary] = reward[:, vocabulary]


def plain(reward, following, logits, values):
    backed_up(reward, following, logits)
    maximum = logits.max(axis=1)
    work = logits - maximum[:, None]
    np.exp(work, out=work)
    np.log(work.sum(axis=1), out=values)
    values += maximum


def columns(reward, following, logits, values):
    backed_up(reward, following, logits)
    maximum = logits[:, 0].copy()
    for action in range(1, actions):
        np.maximum(maximum, logits[:, action], out=maximum)
    work = logits - maximum[:, None]
    np.exp(work, out=work)
    total = work[:, 0].copy()
    for action in range(1, actions):
        total += work[:, action]
    np.log(total, out=values)
    values += maximum


def blocks(reward, following, logits, values):
    step = max(1, 2**15 // actions)
    for begin in range(0, len(values), step):
        rows = slice(begin, begin + step)
        after = None if following is None else following[begin * vocabulary : (begin + step) * vocabulary]
        columns(reward[rows], after, logits[rows], values[rows])


def sweep(level):
    following, out = None, []
    for reward in reversed(rewards):
        logits, values = np.empty_like(reward), np.empty(len(reward))
        level(reward, following, logits, values)
        out.append((logits, values))
        following = values
    return following[0], out


results = {}
for level in (plain, columns, blocks):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        log_partition, out = sweep(level)
        times.append(1e3 * (time.perf_counter() - began))
        del out
    results[level.__name__] = {"best": min(times), "median": sorted(times)[len(times) // 2]}
print(json.dumps(results))
