#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# schema.sh TABLES: the catalogue's attributes against the schema of the lab's directory, its properties against those of
# the lab's module. In a lab.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
LDAPTLS_CACERT=$CAUSEWAY_LAB_CA ldapsearch -LLL -x -o ldif-wrap=no -E pr=500/noprompt -H "$CAUSEWAY_LAB_AD_URL" \
	-D "$CAUSEWAY_LAB_AD_BIND_DN" -w "$CAUSEWAY_LAB_AD_PASSWORD" -b "CN=Schema,CN=Configuration,$CAUSEWAY_LAB_AD_BASE_DN" -s one \
	'(objectClass=attributeSchema)' lDAPDisplayName attributeSyntax oMSyntax isSingleValued systemOnly systemFlags \
	searchFlags linkID | LC_ALL=C awk -f "$here/schema.awk" "$1/attributes.tsv" -
$CAUSEWAY_LAB_POWERSHELL -NoProfile -File "$here/properties.ps1" "$1"
