/* SPDX-License-Identifier: MIT */
#include "user/link_timeout.h"

void link_timeout_start(struct request *req)
{
	(void)req;
}

void link_timeout_disarm(struct request *req)
{
	(void)req;
}
