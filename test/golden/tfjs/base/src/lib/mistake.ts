// Mistakes that are told in one line.
/** A mistake of the person at the keyboard, or of their disk; everything else that is thrown is a defect of this program. */
export class UserError extends Error {}
