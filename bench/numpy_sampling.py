"""Exact samples of a V = 8, T = 4 model with EOS in numpy, all responses side by side. Prints {"milliseconds": best}."""
import json
import sys
import time

import numpy as np

count, vocabulary, horizon = int(sys.argv[1]), 8, 4
random = np.random.default_rng(1)

# logits by M on random rewards, then cumulative policies
cumulative = []
values = None
for depth in range(horizon - 1, -1, -1):
    reward = random.gumbel(size=(vocabulary**depth, vocabulary + 1))
    if values is None:
        reward[:, :vocabulary] = -np.inf
    else:
        reward[:, :vocabulary] += values.reshape(-1, vocabulary)
    maximum = reward.max(axis=1, keepdims=True)
    policy = np.exp(reward - maximum)
    values = (maximum + np.log(policy.sum(axis=1, keepdims=True))).ravel()
    cumulative.insert(0, np.cumsum(policy / policy.sum(axis=1, keepdims=True), axis=1))


def sample():
    tokens = np.full((count, horizon), vocabulary, dtype=np.int8)
    states = np.zeros(count, dtype=np.int64)
    going = np.arange(count)
    for depth in range(horizon):
        rows = cumulative[depth][states]
        action = (rows < random.random(len(going))[:, None]).sum(axis=1)
        tokens[going, depth] = action
        on = action < vocabulary
        going, states = going[on], (states * vocabulary + action)[on]
    return tokens


times = []
for _ in range(5):
    began = time.perf_counter()
    sample()
    times.append(1e3 * (time.perf_counter() - began))
print(json.dumps({"milliseconds": min(times)}))
