/* SPDX-License-Identifier: MIT */
/* The export mark: everything else in the library is hidden. */
#ifndef ANYRING_API_H
#define ANYRING_API_H

#define API __attribute__((visibility("default")))

#endif
