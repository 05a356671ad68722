/** User and group IDs. */

/** 4294967295 is (uid_t)-1, which set*id(2) and chown(2) take as "leave it": a process with that id would stay root. */
export const ID_MAX = 4_294_967_294;
