"""PyTorch's side of bench/distill.mjs: reverse KL on samples of the student itself, with the leave-one-out baseline and Adam.

Usage: distill.py FILE, a job in JSON: actions, horizon, layers, width, heads; `file` (safetensors: weights by their Hugging Face names, and
`target`, the log-probability of every response in lexicographic order); `threads`, `steps`, `samples`, `seed`; `way` and `layout`, or
`candidates`, a list of those, of which the fastest is found first. Prints one object in JSON: the chosen way, the divergence
from the target after all steps, milliseconds and processor time of every step, peak megabytes.

Ways to a step:
whole:    responses token by token, the whole sequence anew for each token; then all positions at once, forward and backward
cache:    the same with a cache of keys and values
taped:    responses token by token with a cache, all of it taped, so that only the way back is left
distinct: taped, each distinct prefix once
"""
import json
import math
import os
import resource
import sys
import time

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
# both are read when the libraries load
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(job["threads"])

import torch

import llama
import tensor_file

torch.set_num_threads(job["threads"])
torch.manual_seed(job["seed"])
actions, horizon, count = job["actions"], job["horizon"], job["samples"]
tensors = dict(tensor_file.read(job["file"]))
target = torch.from_numpy(tensors.pop("target").astype("float32"))
weights = llama.parameters(tensors, llama.parts(job["layers"], "arm"))
place_values = actions ** torch.arange(horizon - 1, -1, -1)


class Cached:
    """One token of many prefixes at a time: log-probabilities `[N, actions]` of the next, keys and values of this one."""

    def __init__(self, layout):
        self.columns = layout == "columns"
        self.heads, self.head = job["heads"], job["width"] // job["heads"]
        half = self.head // 2
        angles = torch.outer(torch.arange(horizon), 10000.0 ** (-torch.arange(half) / half)).double()
        self.cosine, self.sine = angles.cos().float(), angles.sin().float()
        # gains and fused matrices once a step
        self.layers = [
            (
                weights[f"{i}.qkv"] * weights[f"{i}.attention_gain"],
                weights[f"{i}.output"],
                weights[f"{i}.gate_up"] * weights[f"{i}.feed_forward_gain"],
                weights[f"{i}.down"],
            )
            for i in range(job["layers"])
        ]
        self.output = weights["embedding"][:actions] * weights["gain"]

    def __call__(self, token, depth, past):
        """`past`: for each layer a list of (key, value) of the depths before; the new ones are appended."""
        axis = 0 if self.columns else -1
        x = torch.nn.functional.embedding(token, weights["embedding"])
        x = x.t() if self.columns else x
        for (qkv, output, gate_up, down), cache in zip(self.layers, past):
            query, key, value = self.split(self.project(qkv, llama.norm(x, axis)))
            query, key = self.rotated(query, depth), self.rotated(key, depth)
            cache.append((key, value))
            x = x + self.project(output, self.attention(query, cache))
            gate, up = self.project(gate_up, llama.norm(x, axis)).chunk(2, axis)
            x = x + self.project(down, torch.nn.functional.silu(gate) * up)
        logits = self.project(self.output, llama.norm(x, axis))
        return torch.log_softmax(logits.t() if self.columns else logits, -1)

    def project(self, matrix, x):
        return matrix @ x if self.columns else torch.nn.functional.linear(x, matrix)

    def split(self, qkv):
        """Query, key and value, `[heads, head width, N]` or `[N, heads, head width]`."""
        if self.columns:
            return (part.view(self.heads, self.head, -1) for part in qkv.chunk(3, 0))
        return qkv.view(-1, 3, self.heads, self.head).unbind(1)

    def rotated(self, x, depth):
        axis = 1 if self.columns else 2
        first, second = x.chunk(2, axis)
        cosine, sine = self.cosine[depth], self.sine[depth]
        if self.columns:
            cosine, sine = cosine[:, None], sine[:, None]
        return torch.cat([first * cosine - second * sine, second * cosine + first * sine], axis)

    def attention(self, query, cache):
        axis = 1 if self.columns else 2
        query = query * self.head**-0.5
        attention = torch.softmax(torch.stack([(query * key).sum(axis) for key, _ in cache]), 0).unsqueeze(axis + 1)
        out = sum(weight * value for weight, (_, value) in zip(attention, cache))
        return out.reshape(self.heads * self.head, -1) if self.columns else out.reshape(-1, self.heads * self.head)

    def picked(self, past, rows):
        """Caches of some prefixes, which may repeat."""
        axis = 2 if self.columns else 0
        return [[(key.index_select(axis, rows), value.index_select(axis, rows)) for key, value in cache] for cache in past]


def drawn(log_probabilities):
    cumulative = log_probabilities.detach().exp().cumsum(-1)
    return (cumulative < torch.rand(len(cumulative), 1) * cumulative[:, -1:]).sum(-1)


def taped(layout):
    """Responses `[N, T]` and their log-probabilities, from which a gradient can flow."""
    model, past = Cached(layout), [[] for _ in range(job["layers"])]
    token, total, tokens = torch.full((count,), actions), 0.0, []
    for depth in range(horizon):
        log_probabilities = model(token, depth, past)
        token = drawn(log_probabilities)
        total = total + log_probabilities.gather(1, token[:, None])[:, 0]
        tokens.append(token)
    return torch.stack(tokens, 1), total


def distinct(layout):
    """The same with each distinct prefix once."""
    model, past = Cached(layout), [[] for _ in range(job["layers"])]
    token, row, total, tokens = torch.full((1,), actions), torch.zeros(count, dtype=torch.long), 0.0, []
    for depth in range(horizon):
        log_probabilities = model(token, depth, past)
        # of its own for every response
        mine = log_probabilities.index_select(0, row)
        action = drawn(mine)
        total = total + mine.gather(1, action[:, None])[:, 0]
        tokens.append(action)
        prefixes, row = torch.unique(row * actions + action, return_inverse=True)
        token = prefixes % actions
        if depth < horizon - 1:
            past = model.picked(past, prefixes // actions)
    return torch.stack(tokens, 1), total


def whole(layout):
    """Responses by whole sequences, each token anew."""
    inputs = torch.full((count, 1), actions)
    with torch.no_grad():
        for depth in range(horizon):
            model = llama.Llama(weights, {**job, "kind": "arm", "horizon": depth + 1}, layout)
            action = drawn(model.log_probabilities(inputs)[:, -1])
            inputs = torch.cat([inputs, action[:, None]], 1)
    return scored(inputs, layout)


def cached(layout):
    with torch.no_grad():
        tokens, _ = taped("columns" if layout == "columns" else "rows")
    return scored(torch.cat([torch.full((count, 1), actions), tokens], 1), layout)


def scored(inputs, layout):
    """Log-probabilities of responses that stand after the beginning."""
    model = llama.Llama(weights, {**job, "kind": "arm"}, layout)
    log_probabilities = model.log_probabilities(inputs[:, :-1])
    return inputs[:, 1:], log_probabilities.gather(2, inputs[:, 1:, None])[:, :, 0].sum(1)


WAYS = {"whole": whole, "cache": cached, "taped": taped, "distinct": distinct}
optimiser = torch.optim.Adam(weights.values(), lr=1e-3)


def step(way, layout):
    clock = time.perf_counter(), time.process_time()
    optimiser.zero_grad(set_to_none=True)
    tokens, log_probability = WAYS[way](layout)
    cost = log_probability.detach() - target[(tokens * place_values).sum(1)]
    advantage = (cost - cost.mean()) / (count - 1)
    (advantage @ log_probability).backward()
    optimiser.step()
    return 1e3 * (time.perf_counter() - clock[0]), 1e3 * (time.process_time() - clock[1])


def divergence():
    """`KL(student‖target)` over all responses, in nats."""
    responses = torch.cartesian_prod(*[torch.arange(actions)] * horizon)
    with torch.no_grad():
        _, log_probability = scored(torch.cat([torch.full((len(responses), 1), actions), responses], 1), "columns")
    return (log_probability.double().exp() * (log_probability.double() - target.double())).sum().item()


if "candidates" in job:
    # one thread's processor time does not feel other programs
    measure = 1 if job["threads"] == 1 else 0
    tried = [(min(step(**candidate)[measure] for _ in range(10)), candidate) for candidate in job["candidates"]]
    print(json.dumps(min(tried, key=lambda pair: pair[0])[1]))
    sys.exit()
measured = []
for index in range(job["steps"]):
    optimiser.param_groups[0]["lr"] = 1e-3 * math.cos(math.pi / 2 * index / job["steps"]) ** 2
    measured.append(step(job["way"], job["layout"]))
print(
    json.dumps(
        {
            "divergence": divergence(),
            "times": [milliseconds for milliseconds, _ in measured],
            "processor": [used for _, used in measured],
            "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
