/**
 * The spelling by which two column names are one to Spark or Delta. Delta compares lower case; Spark's resolver
 * compares letter by letter, upper case or lower case of it, so that `ı` meets `i`, `ς` meets `σ` and `µ` meets `μ`.
 * Names that differ only so fail the MERGE. Folds rather too much (`i` with a dot above is `i`): that costs a suffix.
 */
export function foldCase(name: string): string {
  return Array.from(name.toLowerCase(), foldLetter).join('').replaceAll('i\u0307', 'i');
}

function foldLetter(letter: string): string {
  const upper = letter.toUpperCase();
  // Spark's comparison knows no letter that becomes two (`ß`, `ŉ`).
  return Array.from(upper).length === 1 ? upper.toLowerCase() : letter;
}
