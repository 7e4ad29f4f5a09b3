/** What is wished of a name, as a regular expression over letters. */
export interface NameWish {
  readonly id: string;
  readonly label: string;
  readonly pattern: string;
  /** Most letters. */
  readonly letters: number;
}

const VOWELS = "[aeiouy]";
const CONSONANTS = "[bcdfghjklmnpqrstvwxz]";

/** Names that are asked for by name, of all lengths and likelihoods. */
const LISTED = [
  "ada amy ann bea bob dan eve fay gus hal ida ian jan joe kay kim lea leo liz lou mae max meg nan ned pam peg ray rex ron roy sal sam sue",
  "ted tim tom una val zoe",
]
  .join(" ")
  .split(" ");

/** What the report wishes of names: hard and easy, and some where lookahead has nothing to give. */
export const NAME_WISHES: readonly NameWish[] = [
  { id: "ette", label: "ends in “ette”, up to 7 letters", pattern: ".*ette", letters: 7 },
  { id: "ann", label: "contains “ann”, up to 6 letters", pattern: ".*ann.*", letters: 6 },
  { id: "twice", label: "has “l” twice apart, ends in “a”, up to 6", pattern: ".*l.+l.*a", letters: 6 },
  { id: "zz", label: "contains a “z” and ends in “y”, up to 5", pattern: ".*z.*y", letters: 5 },
  {
    id: "turns",
    label: "consonant and vowel in turn, 5 letters",
    pattern: `(${CONSONANTS}${VOWELS}){2}${CONSONANTS}`,
    letters: 5,
  },
  { id: "no-e", label: "has neither “e” nor “a”, 4 or 5 letters", pattern: "[^ea]{4,5}", letters: 5 },
  { id: "three", label: "has three letters", pattern: ".{3}", letters: 3 },
  { id: "listed", label: "is one of 40 short names", pattern: LISTED.join("|"), letters: 3 },
  { id: "rare", label: "starts with “x” or ends in “q”, up to 4", pattern: "x.*|.*q", letters: 4 },
  { id: "begins", label: "begins with “mar”, up to 6 letters", pattern: "mar.*", letters: 6 },
];
