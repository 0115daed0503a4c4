/** `; did you mean …?` when one of the names is nearly the given one, else nothing. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = names
    .map((other) => ({ other, edits: editDistance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ other, edits }) => other.length > 2 && edits <= Math.max(1, Math.floor(other.length / 4)))
    .sort((a, b) => a.edits - b.edits);
  return near.length > 0 ? `; did you mean ${near[0]!.other}?` : "";
}

/** Insertions, deletions and replacements from one text to the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
