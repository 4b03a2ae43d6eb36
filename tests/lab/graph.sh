# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Microsoft Graph from the shell, for sourcing: signs in as the lab's application, with the variables of `scripts/lab env`. The
# caller keeps the token: bearer=$(token).

# A token by a certificate's signature, as the bridge gets it: PS256 (RFC 7518 3.5), the thumbprint as x5t#S256.
base64url() { base64 -w 0 | tr '+/' '-_' | tr -d =; }
token() {
	local thumbprint now text signature
	thumbprint=$(openssl x509 -in "$CAUSEWAY_LAB_CLIENT_CERT" -outform DER | openssl dgst -sha256 -binary | base64url)
	now=$(date +%s)
	text=$(printf '{"alg":"PS256","typ":"JWT","x5t#S256":"%s"}' "$thumbprint" | base64url).$(printf \
		'{"aud":"%s","iss":"%s","sub":"%s","jti":"%s","nbf":%d,"exp":%d}' "$CAUSEWAY_LAB_TOKEN_URL" "$CAUSEWAY_LAB_CLIENT_ID" \
		"$CAUSEWAY_LAB_CLIENT_ID" "$(</proc/sys/kernel/random/uuid)" "$now" $((now + 300)) | base64url)
	signature=$(printf %s "$text" | openssl dgst -sha256 -sign "$CAUSEWAY_LAB_CLIENT_KEY" -sigopt rsa_padding_mode:pss \
		-sigopt rsa_pss_saltlen:digest -binary | base64url)
	curl -fsS --cacert "$CAUSEWAY_LAB_CA" "$CAUSEWAY_LAB_TOKEN_URL" -d grant_type=client_credentials \
		-d scope=https://graph.microsoft.com/.default -d client_id="$CAUSEWAY_LAB_CLIENT_ID" \
		-d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
		-d client_assertion="$text.$signature" | jq -r .access_token
}
# graph METHOD PATH [BODY]: the answer's body, and the status on a line of its own
graph() {
	curl -sS --cacert "$CAUSEWAY_LAB_CA" -X "$1" -H "Authorization: Bearer $bearer" -H 'Content-Type: application/json' \
		-w '\n%{http_code}\n' ${3:+-d "$3"} "$CAUSEWAY_LAB_GRAPH_URL$2"
}
# graph_value PATH FILTER: one value out of an answer
graph_value() { graph GET "$1" | head -n 1 | jq -r "$2"; }
