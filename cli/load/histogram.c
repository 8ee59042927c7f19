/* SPDX-License-Identifier: MIT */
/* Latencies, counted in buckets that widen with the value. */
#include "load/load.h"

/* Values below HISTOGRAM_STEPS have a bucket each; above, the top 6 bits below the leading one. */
static unsigned bucket_of(uint64_t v)
{
	unsigned shift;

	if (v < HISTOGRAM_STEPS)
		return (unsigned)v;
	shift = 63U - (unsigned)__builtin_clzll(v) - 6;
	return (shift + 1) * HISTOGRAM_STEPS + (unsigned)((v >> shift) & (HISTOGRAM_STEPS - 1));
}

static uint64_t bucket_top(unsigned b)
{
	unsigned shift;

	if (b < HISTOGRAM_STEPS)
		return b;
	shift = b / HISTOGRAM_STEPS - 1;
	return ((uint64_t)(HISTOGRAM_STEPS + b % HISTOGRAM_STEPS + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t nsec)
{
	unsigned b = bucket_of(nsec);

	h->buckets[b < HISTOGRAM_BUCKETS ? b : HISTOGRAM_BUCKETS - 1]++;
	h->count++;
	if (nsec > h->max)
		h->max = nsec;
}

uint64_t histogram_quantile(const struct histogram *h, double part)
{
	uint64_t rank = (uint64_t)(part * (double)h->count + 0.5), seen = 0;

	rank = rank ? rank : 1;
	for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
		seen += h->buckets[b];
		if (seen >= rank && seen) {
			uint64_t top = bucket_top(b);

			return top < h->max ? top : h->max;
		}
	}
	return h->max;
}
