/* SPDX-License-Identifier: MIT */
/* Rings across fork(2). */
#ifndef ANYRING_USER_INHERIT_H
#define ANYRING_USER_INHERIT_H

/* From now on forks are noticed. */
void inherit_prepare(void);

#endif
