/** User and group IDs. */

/**
 * 4294967295 is (uid_t)-1, which means "no change" to set*id(2) and chown(2): a process with that id would
 * stay root.
 */
export const ID_MAX = 4_294_967_294;
