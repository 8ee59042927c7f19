/* SPDX-License-Identifier: MIT */
#include <linux/capability.h>
#include <string.h>

#include "user/alloc.h"
#include "user/identity.h"
#include "user/sys.h"

#define NOBODY ((uid_t)-1)

/* What it takes to become somebody else. Kept meanwhile: the C library, told by another thread to
 * change the whole process, ends it if one thread may not. */
#define CAPS_KEPT (1ULL << CAP_SETUID | 1ULL << CAP_SETGID)

/* ---- Capabilities ---------------------------------------------------------------------------- */

struct caps {
	uint64_t effective, permitted, inheritable;
};

static uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

static struct caps get_caps(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	SYS(capget, &header, data);
	return (struct caps){
		.effective = join(data[0].effective, data[1].effective),
		.permitted = join(data[0].permitted, data[1].permitted),
		.inheritable = join(data[0].inheritable, data[1].inheritable),
	};
}

/* As many as are permitted. */
static void set_effective(uint64_t effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	struct caps caps = get_caps();

	effective &= caps.permitted;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(effective >> 32 * i);
		data[i].permitted = (uint32_t)(caps.permitted >> 32 * i);
		data[i].inheritable = (uint32_t)(caps.inheritable >> 32 * i);
	}
	SYS(capset, &header, data);
}

/* ---- Identities ------------------------------------------------------------------------------ */

/* Asking for what is no id changes nothing, and answers the present one. */
static uid_t current_uid(void)
{
	return (uid_t)SYS(setfsuid, NOBODY);
}

static gid_t current_gid(void)
{
	return (gid_t)SYS(setfsgid, NOBODY);
}

struct identity *identity_new(void)
{
	long count = SYS(getgroups, 0, NULL);
	struct identity *identity;

	if (count < 0)
		return NULL;
	identity = user_alloc(sizeof(*identity) + (size_t)count * sizeof(gid_t));
	if (!identity)
		return NULL;
	identity->refs = 1;
	identity->uid = current_uid();
	identity->gid = current_gid();
	identity->caps = get_caps().effective;
	/* They may have become fewer, but no more than there is room for. */
	count = count ? SYS(getgroups, count, identity->groups) : 0;
	identity->group_count = count > 0 ? (unsigned)count : 0;
	return identity;
}

void identity_put(struct identity *identity)
{
	if (!--identity->refs)
		user_free(identity);
}

static bool groups_are_current(const struct identity *identity)
{
	unsigned count = identity->group_count;
	bool same = SYS(getgroups, 0, NULL) == count;
	gid_t *groups;

	if (!same || !count)
		return same;
	groups = user_alloc(count * sizeof(*groups));
	same = groups && SYS(getgroups, count, groups) == count &&
	       !memcmp(groups, identity->groups, count * sizeof(*groups));
	user_free(groups);
	return same;
}

bool identity_is_current(const struct identity *identity)
{
	return current_uid() == identity->uid && current_gid() == identity->gid &&
	       !((get_caps().effective ^ identity->caps) & ~CAPS_KEPT) &&
	       groups_are_current(identity);
}

int identity_become(const struct identity *identity)
{
	if (identity_is_current(identity))
		return 0;
	set_effective(get_caps().effective | CAPS_KEPT);
	if (!groups_are_current(identity))
		SYS(setgroups, identity->group_count, identity->groups);
	SYS(setfsgid, identity->gid);
	SYS(setfsuid, identity->uid);
	/* After the user, as that changes some, too. */
	set_effective(identity->caps | CAPS_KEPT);
	return identity_is_current(identity) ? 0 : -EPERM;
}
