import { constants, openSync } from "node:fs";

/** Opened for reading. Without O_NONBLOCK a named pipe that nobody writes into would be waited for, for ever; for a file it means nothing. */
export const openToRead = (path: string): number => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
