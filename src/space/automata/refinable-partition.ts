/**
 * A partition of `0 … n − 1` into sets that can be split: the elements of a set stand side by side, the marked ones
 * first. Source: A. Valmari, "Fast brief practical DFA minimization", Information Processing Letters 112 (2012).
 */
export interface RefinablePartition {
  /** Number of sets. */
  sets: number;
  /** The elements, set by set, `[n]`. */
  readonly elements: Int32Array;
  /** Place of each element in `elements`, `[n]`. */
  readonly places: Int32Array;
  /** The set of each element, `[n]`. */
  readonly setOf: Int32Array;
  /** First place of each set, `[n]`. */
  readonly begins: Int32Array;
  /** Place after the last of each set, `[n]`. */
  readonly ends: Int32Array;
  /** Number of marked elements of each set, `[n]`. */
  readonly marked: Int32Array;
  /** Sets with marked elements: the first `touchedCount` places. */
  readonly touched: Int32Array;
  touchedCount: number;
}

/**
 * The partition of elements by a key; elements must be given in the order of their keys.
 *
 * @param elements `[n]`, a permutation of `0 … n − 1`
 * @param keyOf the key of an element; a set is a run of equal keys
 */
export const partitionOf = (elements: Int32Array, keyOf: (element: number) => number): RefinablePartition => {
  const count = elements.length;
  const [places, setOf, begins, ends] = [0, 0, 0, 0].map(() => new Int32Array(count)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  let sets = 0;
  for (let place = 0; place < count; place++) {
    const element = elements[place] as number;
    if (place === 0 || keyOf(element) !== keyOf(elements[place - 1] as number)) begins[sets++] = place;
    places[element] = place;
    setOf[element] = sets - 1;
    ends[sets - 1] = place + 1;
  }
  const [marked, touched] = [new Int32Array(count), new Int32Array(count)];
  return { sets, elements, places, setOf, begins, ends, marked, touched, touchedCount: 0 };
};

/** Marks an element, which must not be marked yet. */
export const mark = (partition: RefinablePartition, element: number): void => {
  const { elements, places, begins, marked } = partition;
  const set = partition.setOf[element] as number;
  const place = places[element] as number;
  const border = (begins[set] as number) + (marked[set] as number);
  const other = elements[border] as number;
  elements[place] = other;
  places[other] = place;
  elements[border] = element;
  places[element] = border;
  if (marked[set] === 0) partition.touched[partition.touchedCount++] = set;
  marked[set] = (marked[set] as number) + 1;
};

/** Splits each set with marks into its marked and its other elements; the smaller part becomes a new set. */
export const splitMarked = (partition: RefinablePartition): void => {
  const { begins, ends, marked, setOf, elements } = partition;
  while (partition.touchedCount > 0) {
    const set = partition.touched[--partition.touchedCount] as number;
    const border = (begins[set] as number) + (marked[set] as number);
    marked[set] = 0;
    if (border === ends[set]) continue;
    const added = partition.sets++;
    if (border - (begins[set] as number) <= (ends[set] as number) - border) {
      begins[added] = begins[set] as number;
      ends[added] = border;
      begins[set] = border;
    } else {
      begins[added] = border;
      ends[added] = ends[set] as number;
      ends[set] = border;
    }
    for (let place = begins[added] as number; place < (ends[added] as number); place++) {
      setOf[elements[place] as number] = added;
    }
  }
};
