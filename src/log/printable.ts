/** Text from a peer, made fit for a terminal and for one line: control characters become escapes. */

/** Replaces C0 and C1 control characters by `\u{…}`; everything else stays. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}
