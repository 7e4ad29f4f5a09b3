"""PyTorch's side of bench/train.mjs: exact steps of the same Transformer on the same weights and target.

Usage: peer.py FILE, a job in JSON: kind, actions, horizon, layers, width, heads; `file` (safetensors: weights by their Hugging Face
names, and `target`, the probability of every response in lexicographic order); `threads`, `steps`; `sequences` ("all" responses
or "distinct" prefixes, for an ARM); `layout` and `chunk` (0: whole batch), or `candidates`, a list of
those, of which the fastest is found first; `algebra`; `gradient`, a file to write; `limit`, bytes of memory. Prints one object in
JSON: the chosen layout and chunk, loss at the first step, milliseconds and processor time of every step, peak megabytes.
"""
import json
import os
import resource
import sys
import time

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)
# both are read when the libraries load
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(job["threads"])
if "limit" in job:
    resource.setrlimit(resource.RLIMIT_AS, (job["limit"], job["limit"]))

import torch

import llama
import tensor_file

torch.set_num_threads(job["threads"])
tensors = dict(tensor_file.read(job["file"]))
target = torch.from_numpy(tensors.pop("target").astype("float32"))
names = llama.parts(job["layers"], job["kind"])
responses = torch.cartesian_prod(*[torch.arange(job["actions"])] * job["horizon"])


def ebm_step(model, chunk):
    """Gradient of log Z − E_target[R] over all responses; with chunks in two passes, of which the first needs no gradient."""
    if chunk >= len(responses):
        scores = model.scores(responses)
        loss = torch.logsumexp(scores, 0) - target @ scores
        loss.backward()
        return loss.item()
    with torch.no_grad():
        scores = torch.cat([model.scores(part) for part in responses.split(chunk)])
        loss = torch.logsumexp(scores, 0) - target @ scores
        coefficients = torch.softmax(scores, 0) - target
    for part, coefficient in zip(responses.split(chunk), coefficients.split(chunk)):
        (coefficient @ model.scores(part)).backward()
    return loss.item()


def arm_data():
    """Inputs `[N, T]`, which begin with the row after the actions, and the weight `[N, T, actions]` of each next action."""
    actions, horizon = job["actions"], job["horizon"]
    if job["sequences"] == "all":
        sequences, mass = responses[:, :-1], target
        last = torch.nn.functional.one_hot(responses[:, -1], actions) * target[:, None]
    else:
        sequences, last = responses[::actions, :-1], target.view(-1, actions)
        mass = last.sum(1)
    weights = torch.nn.functional.one_hot(sequences, actions) * mass[:, None, None]
    beginning = torch.full((len(sequences), 1), actions)
    return torch.cat([beginning, sequences], 1), torch.cat([weights, last[:, None]], 1)


def arm_step(model, chunk):
    """Gradient of −E_target[log q(y)] under teacher forcing."""
    total = 0.0
    for tokens, weight in zip(inputs.split(chunk), weights.split(chunk)):
        loss = -(weight * model.log_probabilities(tokens)).sum()
        loss.backward()
        total += loss.item()
    return total


if job["kind"] == "arm":
    inputs, weights = arm_data()
parameters = llama.parameters(tensors, names)
optimiser = torch.optim.Adam(parameters.values(), lr=1e-3)


def stopwatch():
    """Tells how many milliseconds have passed since, and how many of the processors' time were used."""
    began = time.perf_counter(), time.process_time()
    return lambda: (1e3 * (time.perf_counter() - began[0]), 1e3 * (time.process_time() - began[1]))


def step(layout, chunk):
    model = llama.Llama(parameters, job, layout, job.get("algebra", False))
    optimiser.zero_grad(set_to_none=True)
    clock = stopwatch()
    loss = (ebm_step if job["kind"] == "ebm" else arm_step)(model, chunk or len(responses))
    computed = clock()
    if not optimiser.state and "gradient" in job:
        tensor_file.write(job["gradient"], llama.gradients(parameters, names, tensors))
    clock = stopwatch()
    optimiser.step()
    return (loss, *(a + b for a, b in zip(computed, clock())))


first_loss, times, processor = None, [], []
choice = {"layout": job.get("layout"), "chunk": job.get("chunk", 0)}
try:
    if "candidates" in job:
        # one thread's processor time does not feel other programs
        measure = 2 if job["threads"] == 1 else 1
        tried = [(min(step(**candidate)[measure] for _ in range(3)), candidate) for candidate in job["candidates"]]
        choice = min(tried, key=lambda pair: pair[0])[1]
    for _ in range(job["steps"]):
        loss, milliseconds, used = step(**choice)
        first_loss = first_loss or loss
        times.append(milliseconds)
        processor.append(used)
except RuntimeError as error:
    if "allocate memory" not in str(error):
        raise
    print(json.dumps({**choice, "refused": "memory"}))
    sys.exit()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({**choice, "loss": first_loss, "times": times, "processor": processor, "peakMegabytes": peak}))
