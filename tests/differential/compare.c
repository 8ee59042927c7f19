/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"
#include "run.h"

/* Tries of a smaller program, which is what a difference may cost in time. */
#define MAX_TRIES 400

static struct trace *new_trace(void)
{
	struct trace *t =
		mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (t == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return t;
}

void open_sides(struct sides *s, const char *first, const char *second, const char *folder)
{
	s->name[0] = first;
	s->name[1] = second;
	s->again = new_trace();
	for (unsigned i = 0; i < 2; i++) {
		s->trace[i] = new_trace();
		snprintf(s->folder[i], sizeof(s->folder[i]), "%s/%u", folder, i);
		if (mkdir(s->folder[i], 0700)) {
			perror(s->folder[i]);
			exit(1);
		}
	}
}

void close_sides(struct sides *s)
{
	for (unsigned i = 0; i < 2; i++) {
		if (!chdir(s->folder[i]))
			empty_folder();
		rmdir(s->folder[i]);
		munmap(s->trace[i], sizeof(*s->trace[i]));
	}
	munmap(s->again, sizeof(*s->again));
}

static void run_side(struct sides *s, const struct program *p, unsigned side, struct trace *trace,
		     const struct trace *expected, bool slow)
{
	int status = 0;
	pid_t pid;

	memset(trace, 0, offsetof(struct trace, text) + 1);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_program(p, s->name[side], s->folder[side], trace, expected, slow);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("cannot run a program");
		exit(1);
	}
	if (WIFSIGNALED(status))
		say(trace, "\nended by signal %d%s\n", WTERMSIG(status),
		    WTERMSIG(status) == SIGALRM ? ": hangs" : "");
	else if (!trace->ended)
		say(trace, "\nended with %d\n", WEXITSTATUS(status));
}

static bool agree(struct sides *s, const struct program *p, bool slow)
{
	run_side(s, p, 0, s->trace[0], NULL, slow);
	run_side(s, p, 1, s->trace[1], s->trace[0], slow);
	return same_trace(s->trace[0], s->trace[1]);
}

enum verdict judge(struct sides *s, const struct program *p)
{
	if (agree(s, p, false))
		return SAME;
	signature(s, p, s->first_seen, sizeof(s->first_seen));
	if (s->once)
		return DIFFERENT;
	run_side(s, p, 0, s->again, NULL, true);
	for (unsigned i = 0; i < 2; i++) {
		bool same = agree(s, p, true);

		if (!same_trace(s->trace[0], s->again))
			return UNSTABLE;
		if (same)
			return PASSING;
	}
	return DIFFERENT;
}

/* ---- Less of it ------------------------------------------------------------------------------ */

/* Twice, so that one bad moment is no difference. */
static bool still_differs(struct sides *s, const struct program *p)
{
	return !agree(s, p, false) && !agree(s, p, false);
}

static void drop(struct program *p, unsigned at, unsigned count)
{
	memmove(&p->ops[at], &p->ops[at + count], (p->count - at - count) * sizeof(p->ops[0]));
	p->count -= count;
}

static bool drop_ops(struct sides *s, struct program *p, unsigned size, unsigned *tries)
{
	static struct program smaller;
	bool any = false;

	for (unsigned at = 0; at + size <= p->count && *tries;) {
		memcpy(&smaller, p, sizeof(smaller));
		drop(&smaller, at, size);
		--*tries;
		if (still_differs(s, &smaller)) {
			memcpy(p, &smaller, sizeof(*p));
			any = true;
		} else {
			at += size;
		}
	}
	return any;
}

static void simplify_ring(struct sides *s, struct program *p)
{
	static struct program simpler;
	unsigned flags = p->setup_flags;

	for (unsigned bit = 1; bit; bit <<= 1) {
		if (!(flags & bit))
			continue;
		memcpy(&simpler, p, sizeof(simpler));
		simpler.setup_flags &= ~bit;
		if (still_differs(s, &simpler))
			memcpy(p, &simpler, sizeof(*p));
	}
	for (unsigned i = 0; i < 3 + GROUPS; i++) {
		memcpy(&simpler, p, sizeof(simpler));
		if (i == 0)
			simpler.table = false;
		else if (i == 1)
			simpler.fixed = false;
		else if (i == 2)
			simpler.second_ring = false;
		else
			simpler.groups &= ~(1U << (i - 3));
		if (memcmp(&simpler, p, sizeof(simpler)) && still_differs(s, &simpler))
			memcpy(p, &simpler, sizeof(*p));
	}
}

static void simplify_flags(struct sides *s, struct program *p)
{
	static struct program simpler;

	for (unsigned i = 0; i < p->count; i++)
		for (unsigned bit = IOSQE_IO_DRAIN; bit < 0x80; bit <<= 1) {
			if (p->ops[i].kind != OP_SQE || !(p->ops[i].sqe.flags & bit) ||
			    bit == IOSQE_BUFFER_SELECT)
				continue;
			memcpy(&simpler, p, sizeof(simpler));
			simpler.ops[i].sqe.flags &= (uint8_t)~bit;
			if (still_differs(s, &simpler))
				memcpy(p, &simpler, sizeof(*p));
		}
}

void minimise(struct sides *s, struct program *p)
{
	unsigned tries = MAX_TRIES;
	bool any = true;

	while (any && tries) {
		any = false;
		for (unsigned size = p->count / 2; size; size /= 2)
			any |= drop_ops(s, p, size, &tries);
	}
	simplify_ring(s, p);
	simplify_flags(s, p);
}

/* ---- What it is ------------------------------------------------------------------------------ */

/* A line without what differs from program to program; requests by their names. */
static void generalise(const struct program *p, const char *line, size_t length, char *text,
		       size_t size)
{
	size_t at = 0;
	unsigned number;
	int used = 0;

	text[0] = '\0';
	if (length > 3 && sscanf(line, "  #%u%n", &number, &used) == 1) {
		for (unsigned i = 0; i < p->count; i++)
			if (p->ops[i].number == number && p->ops[i].kind == OP_SQE)
				at = (size_t)snprintf(text, size, "%s",
						      opcode_name(p->ops[i].sqe.opcode));
	}
	for (size_t i = (size_t)used; i < length && at + 1 < size; i++)
		if (line[i] < '0' || line[i] > '9')
			text[at++] = line[i];
		else if (at && text[at - 1] != '0')
			text[at++] = '0';
	text[at < size ? at : size - 1] = '\0';
}

void signature(const struct sides *s, const struct program *p, char *text, size_t size)
{
	const char *a = s->trace[0]->text, *b = s->trace[1]->text;
	size_t same = 0, start = 0;
	char left[80], right[80];

	for (; a[same] && a[same] == b[same]; same++)
		if (a[same] == '\n')
			start = same + 1;
	generalise(p, a + start, strcspn(a + start, "\n"), left, sizeof(left));
	generalise(p, b + start, strcspn(b + start, "\n"), right, sizeof(right));
	snprintf(text, size, "%s | %s", left, right);
}
