/**
 * A mistake of the person at the keyboard, or of their disk: told in one line, without a stack. Everything else that is thrown is a
 * defect of ours. `hint` is the change that would fix it, printed on a line of its own.
 */
export class UserError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UserError";
    this.hint = hint;
  }
}

/** The `code` of a Node system error ("ENOENT"), or undefined for anything else. */
export function errorCode(e: unknown): string | undefined {
  if (!(e instanceof Error) || !("code" in e)) return undefined;
  return typeof e.code === "string" ? e.code : undefined;
}

type Explanation = (path: string) => readonly [message: string, hint?: string];

const explanations: Readonly<Record<string, Explanation>> = {
  ENOENT: (path) => [`${path}: no such file or folder`],
  EACCES: (path) => [`${path}: permission denied`, "check who owns it, or choose another place"],
  EPERM: (path) => [`${path}: the system does not permit this`, "check who owns it, or choose another place"],
  EROFS: (path) => [`${path}: the disk is read-only`, "choose a place that can be written"],
  ENOTDIR: (path) => [`${path}: a part of this path is a file, not a folder`],
  EISDIR: (path) => [`${path}: is a folder, a file was expected`],
  EEXIST: (path) => [`${path}: exists already`],
  ENOTEMPTY: (path) => [`${path}: the folder is not empty`],
  ENOSPC: (path) => [`${path}: the disk is full`, "free some space, then start again; what was saved before is intact"],
  EDQUOT: (path) => [
    `${path}: the disk quota is used up`,
    "free some space, then start again; what was saved before is intact",
  ],
  EFBIG: (path) => [`${path}: larger than this file system allows`],
  EMFILE: (path) => [`${path}: too many files are open`, "raise the limit: ulimit -n"],
  ENFILE: (path) => [`${path}: too many files are open on this machine`],
  ENAMETOOLONG: (path) => [`${path}: the name is too long for this file system`],
  ELOOP: (path) => [`${path}: symbolic links run in a circle`],
  EIO: (path) => [`${path}: the disk reports an input/output error`],
};

/**
 * A system error in words: a UserError for the codes that a person can do something about. Anything else comes back as it was
 * (a UserError too, so that nothing is explained twice). Always throw what this returns.
 */
export function explainFsError(e: unknown, path: string): unknown {
  const code = errorCode(e);
  if (code === undefined || e instanceof UserError) return e;
  const explain = explanations[code];
  if (!explain) return e;
  const [message, hint] = explain(path);
  return new UserError(message, hint, { cause: e });
}
