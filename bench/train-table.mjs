/** Largest distance of losses in nats, and of gradients relative to their norm. */
const LOSS_BOUND = 1e-5;
const GRADIENT_BOUND = 1e-4;

const best = (sorted) => sorted[0];
const median = (sorted) => sorted[sorted.length >> 1];

/** Relative distance `‖a − b‖/‖b‖` of two gradients. */
const gradientDistance = (a, b) => {
  let [difference, norm] = [0, 0];
  for (const [name, { data }] of Object.entries(b)) {
    data.forEach((value, index) => {
      difference += (a[name].data[index] - value) ** 2;
      norm += value ** 2;
    });
  }
  return Math.sqrt(difference / norm);
};

/** One line for each engine of ours: how far its loss and gradient are from PyTorch's. False if any is too far. */
const printAgreement = (results) => {
  const peer = results.find(({ role, refused }) => role === "peer" && !refused);
  if (!peer) return true;
  return results
    .filter(({ role }) => role === "ours")
    .map(({ name, threads, loss, gradient }) => {
      const [losses, gradients] = [Math.abs(loss - peer.loss), gradientDistance(gradient, peer.gradient)];
      const agrees = losses <= LOSS_BOUND && gradients <= GRADIENT_BOUND;
      console.log(
        `${name}, ${threads} thread${threads > 1 ? "s" : ""}, ${agrees ? "agrees" : "DISAGREES"} with PyTorch: ` +
          `loss by ${losses.toExponential(1)}, gradient by ${gradients.toExponential(1)} of its norm`,
      );
      return agrees;
    })
    .every(Boolean);
};

/**
 * A table of one size: milliseconds of a step, its processor time on all threads, peak memory, and the share of the fastest peer's
 * time with as many threads (best times; medians in brackets).
 *
 * @returns {boolean} whether our losses and gradients agree with PyTorch's
 */
export const printTable = ({ kind, actions, horizon, layers, width, heads }, results) => {
  const title = `${kind.toUpperCase()}, V = ${actions}, T = ${horizon}, layers ${layers}, width ${width}, heads ${heads}`;
  console.log(`\n${title}\n${row("threads", "", "ms best (median)", "processor", "peak MB", "of PyTorch's")}`);
  for (const { name, threads, times, processor, peak, refused } of results) {
    if (refused) {
      console.log(`${row(threads, name)} does not run: half of this machine's memory is not enough`);
      continue;
    }
    const peers = results.filter((peer) => peer.role === "peer" && peer.times.length > 0 && peer.threads === threads);
    const share = (of) => (of(times) / Math.min(...peers.map((peer) => of(peer.times)))).toFixed(2);
    const cells = [both(times), best(processor).toFixed(1), peak.toFixed(0)];
    console.log(row(threads, name, ...cells, peers.length > 0 ? `${share(best)} (${share(median)})` : ""));
  }
  return printAgreement(results);
};

const both = (times) => `${best(times).toFixed(1)} (${median(times).toFixed(1)})`;

const WIDTHS = [18, 11, 9, 14];

const row = (threads, name, ...cells) =>
  `${String(threads).padEnd(8)}${name.padEnd(48)}${cells.map((cell, index) => cell.padStart(WIDTHS[index])).join("")}`;
