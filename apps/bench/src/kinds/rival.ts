/** A package that may be absent, or not built: optional, and of no known type. */
export async function rival<T>(name: string): Promise<T> {
  const loaded = (await import(name)) as { default?: T } & T
  return loaded.default ?? loaded
}
