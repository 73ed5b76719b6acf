/**
 * Paths as they come, and as they are meant: under the configured prefix or without it (a proxy may have taken it away), with a slash
 * too many between two parts or at the end, as bases that end with a slash make them.
 */

const slashes = /\/{2,}/g

/** The path without prefix, doubled slashes and the last slash. `prefix`: empty, or such as `/ws`. */
export function meantPath(path: string, prefix: string): string {
  const single = path.includes('//') ? path.replace(slashes, '/') : path
  const plain = single.endsWith('/') ? single.slice(0, -1) : single
  return prefix !== '' && plain.startsWith(`${prefix}/`) ? plain.slice(prefix.length) : plain
}
