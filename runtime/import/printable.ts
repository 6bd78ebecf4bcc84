// Text of a file that nobody vouches for, on its way to a terminal.

const OBEYED = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Nothing that a terminal would obey, no line's end, no endless length. */
export const printable = (text: string): string => text.replace(OBEYED, "?").slice(0, 200);

export const isPrintable = (text: string): boolean => text.search(OBEYED) < 0;
