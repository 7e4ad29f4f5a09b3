import { type Constraint, matches, oneOf } from "../../steer/index.ts";

/** What is wished of a text that goes on from a beginning. */
export interface ProseWish {
  readonly id: string;
  readonly label: string;
  readonly prompt: string;
  /** Where it is met, a response ends. */
  readonly constraint: Constraint;
  readonly maximumTokens: number;
}

/** The lines of `examples/answers.txt`. */
export const ANSWERS: readonly string[] = [
  "peace|war|liberty|justice|union|the Constitution|the law|the Congress|the Union|the people|commerce|industry|labor|freedom",
  "prosperity|the Treasury|the public debt|economy|education|agriculture|manufactures|the Navy|the Army|treaties|friendship",
  "good faith|our country|our citizens|the States|the courts|reform|silver|gold|taxes|revenue|tariffs|railroads|canals|health|hope",
].flatMap((line) => line.split("|"));

/** Wishes of finitely many texts, so that every spelling of each can be scored: unlikely ones, likely ones, one of bare digits. */
export const PROSE_WISHES: readonly ProseWish[] = [
  {
    id: "hour",
    label: "“At …”: an hour",
    prompt: "At ",
    constraint: matches("(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) o'clock"),
    maximumTokens: 16,
  },
  {
    id: "answers",
    label: "“What the country needs is …”: one of 40 answers",
    prompt: "What the country needs is ",
    constraint: oneOf(ANSWERS),
    maximumTokens: 24,
  },
  {
    id: "defend",
    label: "“We must defend …”: one of nine things",
    prompt: "We must defend ",
    constraint: matches("(the |our |a |)(man|whale|sea|ship|people|nation|law|war|world)\\."),
    maximumTokens: 16,
  },
  {
    id: "whale",
    label: "“The whale was …”: one of eight adjectives",
    prompt: "The whale was ",
    constraint: matches("(very |so |not |)(white|black|old|great|dead|blind|strange|gone)\\."),
    maximumTokens: 16,
  },
  {
    id: "captain",
    label: "“The captain's name was …”: Mr. or Captain and three letters",
    prompt: "The captain's name was ",
    constraint: matches("(Mr\\. |Captain )[A-Z][aeiou][a-z]\\."),
    maximumTokens: 12,
  },
  {
    id: "suffix",
    label: "“He was a …”: two letters and “er.”",
    prompt: "He was a ",
    constraint: matches("[a-z]{2}er\\."),
    maximumTokens: 8,
  },
  {
    id: "ending",
    label: "“The sea is …”: four letters, a vowel and in the end “y.”",
    prompt: "The sea is ",
    constraint: matches("[a-z][aeiou][a-z]y\\."),
    maximumTokens: 8,
  },
  {
    id: "year",
    label: "“In the year …”: 1000 to 1999",
    prompt: "In the year ",
    constraint: matches("1[0-9]{3}"),
    maximumTokens: 8,
  },
];
