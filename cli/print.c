/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How things are shown.
 */
#include "base/str.h"
#include "cli.h"

enum cw_style
cli_state_style(const char *state)
{
	static const struct {
		const char *state;
		enum cw_style style;
	} rows[] = {
		{ "succeeded", CW_STYLE_GREEN },
		{ "done", CW_STYLE_GREEN },
		{ "connected", CW_STYLE_GREEN },
		{ "failed", CW_STYLE_RED },
		{ "revoked", CW_STYLE_RED },
		{ "unknown", CW_STYLE_YELLOW },
		{ "running", CW_STYLE_CYAN },
		{ "waiting", CW_STYLE_CYAN },
		{ "compensated", CW_STYLE_YELLOW },
		{ "cancelled", CW_STYLE_YELLOW },
		{ "skipped", CW_STYLE_DIM },
		{ "pending", CW_STYLE_DIM },
		{ "queued", CW_STYLE_DIM },
		{ "offline", CW_STYLE_DIM },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(state, rows[i].state))
			return rows[i].style;
	return CW_STYLE_PLAIN;
}

int
cli_print_value(const struct cli *c, const cJSON *value)
{
	const struct cw_console console = { stdout, c->colour, c->columns };

	return cw_value_print(&console, value);
}
