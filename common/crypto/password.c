/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords by rejection: whole ones are drawn until one has all four kinds of characters and no
 * part of the user's name, so every one that fits is as likely as any other.
 */
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "os/random.h"
#include "crypto/password.h"

#define PART_MIN 3u /* characters of a name that Active Directory looks for */
#define PART_MAX 64u /* bytes; longer than any password here */

/* No I, O, l, o, 0, 1; signs that are on every keyboard and that no shell or CSV takes apart. */
static const char *const kinds[] = { "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz",
	"23456789", "+-.:=_" };
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789+-.:=_";

/* Active Directory splits names at these (and at nothing else). */
static const char delimiters[] = ",.-_ #\t@";

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Is part in text, letters of ASCII in any case? No copy of either is made. */
static bool
holds(const char *text, const char *part)
{
	for (; *text != '\0'; text++) {
		size_t i = 0;

		while (part[i] != '\0' && small(text[i]) == small(part[i]))
			i++;
		if (part[i] == '\0')
			return true;
	}
	return false;
}

static bool
holds_name(const char *password, const char *name)
{
	char part[PART_MAX];

	if (strlen(name) >= PART_MIN && holds(password, name))
		return true;
	while (*name != '\0') {
		size_t n = strcspn(name, delimiters);

		if (n >= PART_MIN && n < sizeof(part)) {
			memcpy(part, name, n);
			part[n] = '\0';
			if (holds(password, part))
				return true;
		}
		name += n + (name[n] != '\0');
	}
	return false;
}

static bool
fits(const char *password, const cJSON *names)
{
	const cJSON *name;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strpbrk(password, kinds[i]) == NULL)
			return false;
	cJSON_ArrayForEach (name, names)
		if (cJSON_IsString(name) && holds_name(password, name->valuestring))
			return false;
	return true;
}

void
cw_password_make(char ret[CW_PASSWORD_SIZE], const cJSON *names)
{
	do {
		for (size_t i = 0; i < CW_PASSWORD_LENGTH; i++)
			ret[i] = alphabet[cw_random_below(sizeof(alphabet) - 1)];
		ret[CW_PASSWORD_LENGTH] = '\0';
	} while (!fits(ret, names));
}
