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
  const peer = results.find(({ ours, refused }) => !ours && !refused);
  if (!peer) return true;
  return results
    .filter(({ ours }) => ours)
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
 * A table of one size: milliseconds, peak memory, and the time's share of the best PyTorch with as many threads (shares of the
 * best times; of medians in brackets).
 *
 * @returns {boolean} whether our losses and gradients agree with PyTorch's
 */
export const printTable = ({ kind, actions, horizon, layers, width, heads }, results) => {
  console.log(
    `\n${kind.toUpperCase()}, V = ${actions}, T = ${horizon}, layers ${layers}, width ${width}, heads ${heads}`,
  );
  console.log(`${"threads".padEnd(58)}ms best (median)   peak MB   of PyTorch's best`);
  for (const { name, threads, times, peak, refused } of results) {
    const label = `${String(threads).padEnd(3)}${name.padEnd(52)}`;
    if (refused) {
      console.log(`${label}does not run: half of this machine's memory is not enough`);
      continue;
    }
    const peers = results.filter((peer) => !peer.ours && !peer.refused && peer.threads === threads);
    const share = (of) => (of(times) / Math.min(...peers.map((peer) => of(peer.times)))).toFixed(2);
    const shares = peers.length > 0 ? `${share(best)} (${share(median)})` : "";
    const milliseconds = `${best(times).toFixed(1)} (${median(times).toFixed(1)})`;
    console.log(`${label}${milliseconds.padStart(19)}${peak.toFixed(0).padStart(10)}${shares.padStart(20)}`);
  }
  return printAgreement(results);
};
