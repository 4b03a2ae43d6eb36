/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLI_PARAMS_H
#define CW_CLI_PARAMS_H

#include <cjson/cJSON.h>

struct cw_err;

/*
 * What a person types after a cmdlet's name, as the JSON that the bridge wants:
 *
 *   -Identity ada             "Identity": "ada"
 *   -Properties title,mail    "Properties": ["title", "mail"]     lists by commas ...
 *   -Members ada -Members bob "Members": ["ada", "bob"]            ... or by saying it twice
 *   -Recursive                "Recursive": true                    a switch
 *   -Enabled $false           $true, $false, $null                 also -Enabled:$false
 *   -Replace @{"title":"x"}   "Replace": {"title": "x"}            @ and JSON: taken as it is
 *   -Credential @-            JSON read from standard input
 *
 * Commas divide plain words only: "CN=Ada,OU=People" and "a, b" stay whole. The bridge's catalogue
 * knows each parameter's type and has the last word.
 */

/* Words of argv to a JSON object. On success *ret is the caller's, for cJSON_Delete(). CW_EINVAL
 * says which word is wrong. */
int cli_params_parse(cJSON **ret, int argc, char *const *argv, struct cw_err *err);

/* key=value with the same values: {"jobTitle": "Lead"}; "key=" and "key=$null" clear (null). */
int cli_params_pair(cJSON *object, const char *pair, struct cw_err *err);

#endif
