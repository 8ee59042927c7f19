/* SPDX-License-Identifier: MIT */
/* A program on two engines: do they agree, and if not, what is the least of it that shows it? */
#ifndef DIFFERENTIAL_COMPARE_H
#define DIFFERENTIAL_COMPARE_H

#include "program.h"
#include "trace.h"

struct sides {
	const char *name[2];
	struct trace *trace[2];
	struct trace *again; /* for a second run of the first */
	char folder[2][64];
	char first_seen[200]; /* the signature of what judge() saw first */
	bool once;	      /* what differs once differs */
};

enum verdict {
	SAME,
	DIFFERENT,
	UNSTABLE, /* the first engine does not agree with itself: a mistake of the generator */
	PASSING,  /* seen once, then no more: what a race looks like, or a very busy machine */
};

void open_sides(struct sides *s, const char *first, const char *second, const char *folder);
void close_sides(struct sides *s);
enum verdict judge(struct sides *s, const struct program *p);
/* Drops what the difference does not need. */
void minimise(struct sides *s, struct program *p);
/* What kind of difference it is, in a line. */
void signature(const struct sides *s, const struct program *p, char *text, size_t size);

#endif
