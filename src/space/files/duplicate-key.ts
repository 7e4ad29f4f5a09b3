/**
 * The first key that stands twice in one object of a valid JSON text, or undefined.
 *
 * `JSON.parse` silently keeps the last of them, which hides half of what was written.
 */
export const duplicateKey = (json: string): string | undefined => {
  // one set of keys per open object, undefined per open list; a list keeps deep nesting off the call stack
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfString(json, i);
      const keys = open[open.length - 1];
      if (keys && isKey(json, end)) {
        const key = JSON.parse(json.slice(i, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end - 1;
    } else if (code === OPEN_OBJECT) open.push(new Set());
    else if (code === OPEN_LIST) open.push(undefined);
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) open.pop();
  }
  return undefined;
};

const [QUOTE, BACKSLASH, COLON, SPACE] = [0x22, 0x5c, 0x3a, 0x20];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Place after the closing quote of the string that opens at a place. */
const endOfString = (json: string, begin: number): number => {
  let i = begin + 1;
  while (i < json.length && json.charCodeAt(i) !== QUOTE) i += json.charCodeAt(i) === BACKSLASH ? 2 : 1;
  return i + 1;
};

/** Whether the string that ends at a place is followed by a colon. */
const isKey = (json: string, end: number): boolean => {
  let i = end;
  while (json.charCodeAt(i) <= SPACE) i++;
  return json.charCodeAt(i) === COLON;
};
