"""Llama blocks in PyTorch for short sequences: RMSNorm, rotary positions, SwiGLU, no biases, tied embeddings.

Projections of the same input are one parameter (query, key and value; gate and up), and gains of norms are folded into the
matrix that follows. Three layouts of the same numbers; which is fastest depends on the sizes:

matmul:   activations [rows, width], attention by batched matrix products, as one writes it first
products: the same, attention by broadcast products and sums, since a batched product of matrices this small costs more
columns:  activations [width, rows], so that all elementwise work has long inner loops
"""
import torch
import torch.nn.functional as F

LAYOUTS = ("matmul", "products", "columns")
EPSILON = 1e-5
# of a layer's fused parameters, the parts by their Hugging Face names
FUSED = {
    "qkv": [f"self_attn.{part}_proj.weight" for part in ("q", "k", "v")],
    "output": ["self_attn.o_proj.weight"],
    "gate_up": ["mlp.gate_proj.weight", "mlp.up_proj.weight"],
    "down": ["mlp.down_proj.weight"],
    "attention_gain": ["input_layernorm.weight"],
    "feed_forward_gain": ["post_attention_layernorm.weight"],
}


def parts(layers, kind):
    """Hugging Face names by the name of the parameter that holds them one after the other."""
    names = {"embedding": ["model.embed_tokens.weight"], "gain": ["model.norm.weight"]}
    if kind == "ebm":
        names["score"] = ["score.weight"]
    for layer in range(layers):
        for fused, of in FUSED.items():
            names[f"{layer}.{fused}"] = [f"model.layers.{layer}.{part}" for part in of]
    return names


def parameters(tensors, names):
    return {
        fused: torch.cat([torch.from_numpy(tensors[name].copy()) for name in of]).requires_grad_()
        for fused, of in names.items()
    }


def gradients(weights, names, tensors):
    """Gradients by Hugging Face name."""
    out = {}
    for fused, of in names.items():
        for name, part in zip(of, weights[fused].grad.split([len(tensors[name]) for name in of])):
            out[name] = part.numpy()
    return out


class Llama:
    """Scores `[N]` (kind "ebm") or log-probabilities `[N, T, actions]` (kind "arm") of tokens `[N, T]`."""

    def __init__(self, weights, job, layout, algebra=False):
        self.weights, self.layout, self.algebra = weights, layout, algebra
        self.kind, self.layers, self.heads = job["kind"], job["layers"], job["heads"]
        self.actions, self.horizon, self.width = job["actions"], job["horizon"], job["width"]
        half = self.width // self.heads // 2
        angles = torch.outer(torch.arange(self.horizon), 10000.0 ** (-torch.arange(half) / half)).double()
        # [T, 1, half] against [N, T, heads, half], or [half, T, 1] against [heads, half, T, N]
        shaped = angles.t()[:, :, None] if layout == "columns" else angles[:, None]
        self.cosine, self.sine = shaped.cos().float(), shaped.sin().float()
        self.mask = torch.full((self.horizon, self.horizon), -torch.inf).triu(1) if self.kind == "arm" else None

    def scores(self, tokens):
        if self.layout == "columns":
            pooled = self.columns(tokens).view(self.width, self.horizon, -1).mean(1)
            return (self.weights["gain"] * self.weights["score"][0]) @ norm(pooled, 0)
        pooled = self.pooled(tokens) if self.algebra else self.rows(tokens).view(-1, self.horizon, self.width).mean(1)
        return norm(pooled) @ (self.weights["gain"] * self.weights["score"][0])

    def log_probabilities(self, tokens):
        output = self.weights["embedding"][: self.actions] * self.weights["gain"]
        if self.layout == "columns":
            logits = (output @ norm(self.columns(tokens), 0)).view(self.actions, self.horizon, -1)
            return torch.log_softmax(logits, 0).permute(2, 1, 0)
        return torch.log_softmax(F.linear(norm(self.rows(tokens)), output), -1).view(-1, self.horizon, self.actions)

    def rows(self, tokens):
        """Last residual stream `[N·T, width]`."""
        weights, x = self.weights, F.embedding(tokens.reshape(-1), self.weights["embedding"])
        for layer in range(self.layers):
            x = x + F.linear(self.attention(*self.projected(x, layer)), weights[f"{layer}.output"])
            x = x + F.linear(self.activated(x, layer), weights[f"{layer}.down"])
        return x

    def projected(self, x, layer):
        """Query, key and value `[N, T, heads, head width]`."""
        qkv = F.linear(norm(x), self.weights[f"{layer}.qkv"] * self.weights[f"{layer}.attention_gain"])
        # split and unbind, not slices: the gradient of a slice fills a whole tensor with zeros
        query_key, value = qkv.view(-1, self.horizon, 3, self.heads, self.width // self.heads).split((2, 1), 2)
        return (*self.rotated(query_key, -1).unbind(2), value.squeeze(2))

    def rotated(self, x, axis):
        first, second = x.chunk(2, axis)
        cosine, sine = (self.cosine, self.sine) if self.layout == "columns" else (self.cosine[:, None], self.sine[:, None])
        return torch.cat([first * cosine - second * sine, second * cosine + first * sine], axis)

    def attention(self, query, key, value):
        scale = (self.width // self.heads) ** -0.5
        if self.layout == "products":
            logits = (query[:, :, None] * key[:, None]).sum(-1) * scale  # [N, T, T, heads]
            if self.mask is not None:
                logits = logits + self.mask[:, :, None]
            out = (torch.softmax(logits, 2)[..., None] * value[:, None]).sum(2)
        else:
            query, key, value = (x.transpose(1, 2) for x in (query, key, value))
            logits = torch.matmul(query, key.transpose(2, 3)) * scale  # [N, heads, T, T]
            if self.mask is not None:
                logits = logits + self.mask
            out = torch.matmul(torch.softmax(logits, -1), value).transpose(1, 2)
        return out.reshape(-1, self.width)

    def activated(self, x, layer):
        gate, up = F.linear(
            norm(x), self.weights[f"{layer}.gate_up"] * self.weights[f"{layer}.feed_forward_gain"]
        ).chunk(2, -1)
        return F.silu(gate) * up

    def columns(self, tokens):
        """Last residual stream `[width, T·N]`."""
        weights, shape = self.weights, (self.heads, self.width // self.heads, self.horizon, -1)
        x = weights["embedding"].t()[:, tokens.t().reshape(-1)]
        for layer in range(self.layers):
            qkv = (weights[f"{layer}.qkv"] * weights[f"{layer}.attention_gain"]) @ norm(x, 0)
            query, key, value = (part.view(shape) for part in qkv.chunk(3, 0))
            query, key = self.rotated(query, 1), self.rotated(key, 1)
            logits = (query[:, :, :, None] * key[:, :, None]).sum(1) * shape[1] ** -0.5  # [heads, T, T, N]
            if self.mask is not None:
                logits = logits + self.mask[:, :, None]
            out = (torch.softmax(logits, 2)[:, None] * value[:, :, None]).sum(3)
            x = x + weights[f"{layer}.output"] @ out.reshape(self.width, -1)
            gate, up = ((weights[f"{layer}.gate_up"] * weights[f"{layer}.feed_forward_gain"]) @ norm(x, 0)).chunk(2, 0)
            x = x + weights[f"{layer}.down"] @ (F.silu(gate) * up)
        return x

    def pooled(self, tokens):
        """Mean of the last residual stream over positions, with Arbel's algebra.

        The first layer's projections depend on token and position alone: once for each of them. The mean goes through the
        last down-projection: that is done after pooling.
        """
        weights, horizon = self.weights, self.horizon
        table = weights["embedding"][: self.actions]
        x = F.embedding(tokens.reshape(-1), weights["embedding"])
        everywhere = torch.stack(self.projected(table.repeat_interleave(horizon, 0), 0), 2).reshape(-1, 3 * self.width)
        index = (tokens * horizon + torch.arange(horizon)).reshape(-1)
        first = F.embedding(index, everywhere).view(-1, horizon, 3, self.heads, self.width // self.heads)
        for layer in range(self.layers):
            projected = first.unbind(2) if layer == 0 else self.projected(x, layer)
            x = x + F.linear(self.attention(*projected), weights[f"{layer}.output"])
            activated = self.activated(x, layer)
            if layer < self.layers - 1:
                x = x + F.linear(activated, weights[f"{layer}.down"])
        means = (y.view(len(tokens), horizon, -1).mean(1) for y in (x, activated))
        return next(means) + F.linear(next(means), weights[f"{layer}.down"])


def norm(x, axis=-1):
    """RMSNorm without its gain."""
    return x * torch.rsqrt(x.square().mean(axis, keepdim=True) + EPSILON)
