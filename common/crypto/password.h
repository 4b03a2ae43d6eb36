/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CW_PASSWORD_H
#define CW_CW_PASSWORD_H

#include <stddef.h>

#include <cjson/cJSON.h>

/*
 * A new password: fits Active Directory's complexity rule and Entra ID's, can be read aloud and
 * typed on any keyboard. 20 characters out of 62: 119 bits.
 */
#define CW_PASSWORD_LENGTH 20u
#define CW_PASSWORD_SIZE (CW_PASSWORD_LENGTH + 1u)

/* names: a list of texts, none of whose parts of three letters and more may be in it. NULL: none.
 */
void cw_password_make(char ret[CW_PASSWORD_SIZE], const cJSON *names);

#endif
