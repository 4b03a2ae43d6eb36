# The catalogue's version as C: SHA-256 of what generate.awk made of the tables. cmake -D TABLES=... -D OUT=... -P
file(SHA256 ${TABLES} version)
file(WRITE ${OUT} "/* SPDX-License-Identifier: Apache-2.0 */
/* Made by version.cmake. */
#include \"catalogue/tables.h\"

const char cw_table_version[] = \"${version}\";
")
