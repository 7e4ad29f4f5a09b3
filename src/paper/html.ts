/** Text that is HTML already; everything else is escaped when it is put into a page. */
export interface Html {
  readonly html: string;
}

/** What a template may hold. */
export type HtmlValue = Html | string | number | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text with the characters that mean something to HTML replaced; safe in elements and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** HTML from a template whose values are escaped, unless they are HTML themselves; lists are joined. */
export const html = (strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html => ({
  html: strings.reduce((page, part, index) => page + render(values[index - 1] as HtmlValue) + part),
});

/** HTML that was made elsewhere, such as a figure's SVG. */
export const trusted = (text: string): Html => ({ html: text });

const render = (value: HtmlValue): string => {
  if (Array.isArray(value)) return value.map(render).join("");
  if (typeof value === "object") return (value as Html).html;
  return escapeHtml(String(value));
};
