import type { LanguageModel } from "../../steer/index.ts";

/** The same model with a count of its own, in which every context counts once: runs that share a model's cache are billed alike. */
export const countedModel = (model: LanguageModel): LanguageModel => {
  const asked = new Set<string>();
  let tokens = 0;
  return {
    ...model,
    next: (contexts, options) => {
      for (const context of contexts) {
        const key = context.join();
        if (asked.has(key)) continue;
        asked.add(key);
        tokens += context.length;
      }
      return model.next(contexts, options);
    },
    usage: () => ({ calls: asked.size, tokens, cut: 0 }),
  };
};
