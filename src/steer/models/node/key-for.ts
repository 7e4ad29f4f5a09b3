/** The key for a server, from the environment: a key that belongs to one service is never sent to another. */
export const keyFor = (url: string, environment: Readonly<Record<string, string | undefined>>): string | undefined => {
  const own = environment.ARBEL_API_KEY?.trim();
  if (own) return own;
  const isOpenai = /^https:\/\/api\.openai\.com(\/|:|$)/i.test(url);
  return (isOpenai && environment.OPENAI_API_KEY?.trim()) || undefined;
};
