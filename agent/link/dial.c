/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name to a TLS connection, by libcurl.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/str.h"
#include "crypto/pki.h"
#include "link/dial.h"
#include "os/clock.h"
#include "os/inherit.h"

int
cw_dial_init(struct cw_dial *d, const struct cw_connection_config *config)
{
	*d = (struct cw_dial){ .loop = config->loop, .port = config->port, .alpn = config->alpn };
	d->timeout_ms = config->timeout_ms != 0 ? config->timeout_ms : CW_CONNECTION_TIMEOUT_MS;
	d->host = cw_strdup(config->host);
	d->proxy = cw_strdup(config->proxy);
	if (d->host == NULL || (config->proxy != NULL && d->proxy == NULL)) {
		cw_dial_free(d);
		return CW_ENOMEM;
	}
	if (config->ca != NULL && X509_up_ref(config->ca) == 1)
		d->ca = config->ca;
	else if (config->ca_sha256 != NULL)
		memcpy(d->ca_sha256, config->ca_sha256, sizeof(d->ca_sha256));
	if (config->cert != NULL && X509_up_ref(config->cert) == 1)
		d->cert = config->cert;
	if (config->key != NULL && EVP_PKEY_up_ref(config->key) == 1)
		d->key = config->key;
	return CW_OK;
}

void
cw_dial_free(struct cw_dial *d)
{
	if (d->multi != NULL && d->curl != NULL)
		(void)curl_multi_remove_handle(d->multi, d->curl);
	curl_easy_cleanup(d->curl);
	(void)curl_multi_cleanup(d->multi); /* here the socket is closed */
	free(d->host);
	if (d->proxy != NULL) /* may hold a password */
		cw_wipe(d->proxy, strlen(d->proxy));
	free(d->proxy);
	X509_free(d->ca);
	X509_free(d->cert);
	X509_free(d->peer_ca);
	EVP_PKEY_free(d->key);
	*d = (struct cw_dial){ 0 };
}

/* In place of OpenSSL's own search for trust: the one CA that is given, or the one in the peer's
 * chain that has the hash that is given. */
static int
verify(X509_STORE_CTX *ctx, void *arg)
{
	struct cw_dial *d = arg;
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx), *ca = d->ca;
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(ctx);
	struct cw_err err = { 0 };
	uint8_t hash[CW_PKI_SHA256];
	int r;

	for (int i = 0; ca == NULL && i < sk_X509_num(chain); i++) {
		cw_pki_cert_sha256(hash, sk_X509_value(chain, i));
		if (cw_const_eq(hash, d->ca_sha256, sizeof(hash)))
			ca = sk_X509_value(chain, i);
	}
	if (ca == NULL)
		r = cw_fail(&err, CW_EAUTH, "the bridge does not show the CA that the token names");
	else
		r = cw_pki_verify(leaf, ca, CW_PKI_SERVER, cw_clock_unix_ms(), &err);
	if (r < 0) {
		(void)snprintf(
		    d->verify, sizeof(d->verify), "%.*s", (int)sizeof(d->verify) - 1, err.text);
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_UNTRUSTED);
		return 0;
	}
	if (d->peer_ca == NULL && X509_up_ref(ca) == 1)
		d->peer_ca = ca;
	X509_STORE_CTX_set_error(ctx, X509_V_OK);
	return 1;
}

static CURLcode
set_tls(CURL *curl, void *ssl_ctx, void *arg)
{
	struct cw_dial *d = arg;
	SSL_CTX *ctx = ssl_ctx;
	uint8_t alpn[64];
	size_t n = strlen(d->alpn);

	(void)curl;
	d->tls_ns = cw_clock_ns(); /* the way is there, through the proxy too */
	alpn[0] = (uint8_t)n;
	memcpy(alpn + 1, d->alpn, n);
	if (SSL_CTX_set_alpn_protos(ctx, alpn, (unsigned)n + 1) != 0 || /* 0 is success here */
	    (d->cert != NULL && SSL_CTX_use_certificate(ctx, d->cert) != 1) ||
	    (d->key != NULL && SSL_CTX_use_PrivateKey(ctx, d->key) != 1))
		return CURLE_SSL_CERTPROBLEM;
	SSL_CTX_set_cert_verify_callback(ctx, verify, d);
	/* A send that was put off is repeated from a buffer that may have moved since. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return CURLE_OK;
}

/* libcurl's sockets are not for the programs that we start. */
static int
on_socket_made(void *arg, curl_socket_t socket, curlsocktype purpose)
{
	(void)arg, (void)purpose;
	cw_inherit_no_socket(socket);
	return CURL_SOCKOPT_OK;
}

static int
set_options(struct cw_dial *d)
{
	char url[400];
	CURL *c = d->curl;
	int n;

	n = snprintf(url, sizeof(url),
	    strchr(d->host, ':') != NULL ? "https://[%s]:%u/" : "https://%s:%u/", d->host, d->port);
	if (n < 0 || (size_t)n >= sizeof(url))
		return -1;
	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_CONNECT_ONLY, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		    CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3) ==
		    CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		/* No trust from the system, and no time spent on reading it. */
		curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, set_tls) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, d) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
		(d->proxy == NULL || curl_easy_setopt(c, CURLOPT_PROXY, d->proxy) == CURLE_OK) &&
		curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)d->timeout_ms) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)d->timeout_ms) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_socket_made) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_TCP_NODELAY, 1L) == CURLE_OK &&
		/* A name that is still being looked up does not hold up the end. */
		curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, d->detail) == CURLE_OK
	    ? 0
	    : -1;
}

static double
ms_of(CURL *c, CURLINFO what)
{
	curl_off_t us = 0;

	(void)curl_easy_getinfo(c, what, &us);
	return (double)us / 1000;
}

/* How far a failed attempt came. */
static enum cw_connection_hop
hop_of(const struct cw_dial *d, CURLcode code)
{
	long answer = 0;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY: return CW_HOP_NAME;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM: return CW_HOP_TLS;
	default: break;
	}
	/* A proxy that answered and did not let us through. */
	if (curl_easy_getinfo(d->curl, CURLINFO_HTTP_CONNECTCODE, &answer) == CURLE_OK &&
	    answer != 0 && d->tls_ns == 0)
		return CW_HOP_PROXY;
	if (d->times.tcp_ms <= 0)
		return d->times.name_ms <= 0 ? CW_HOP_NAME : CW_HOP_TCP;
	/* With a proxy, TLS to the bridge begins only once the proxy has said yes. */
	return d->times.by_proxy && d->tls_ns == 0 ? CW_HOP_PROXY : CW_HOP_TLS;
}

static void
note_times(struct cw_dial *d)
{
	double name = ms_of(d->curl, CURLINFO_NAMELOOKUP_TIME_T);
	double tcp = ms_of(d->curl, CURLINFO_CONNECT_TIME_T);
	double tls = ms_of(d->curl, CURLINFO_APPCONNECT_TIME_T);
	char *ip = NULL;
	long port = 0;
	double begin = d->tls_ns != 0 ? (double)(d->tls_ns - d->start_ns) / 1e6 : 0;

	d->times.name_ms = name;
	d->times.tcp_ms = tcp > name ? tcp - name : 0;
	d->times.tls_ms = tls > begin ? tls - begin : 0;
	if (curl_easy_getinfo(d->curl, CURLINFO_PRIMARY_IP, &ip) == CURLE_OK && ip != NULL &&
	    curl_easy_getinfo(d->curl, CURLINFO_PRIMARY_PORT, &port) == CURLE_OK && ip[0] != '\0') {
		(void)snprintf(d->times.address, sizeof(d->times.address),
		    strchr(ip, ':') != NULL ? "[%.48s]:%ld" : "%.48s:%ld", ip, port);
		d->times.by_proxy = port != d->port;
	}
	if (d->proxy != NULL && d->proxy[0] != '\0')
		d->times.by_proxy = true;
	if (d->times.by_proxy && tcp > 0 && begin > tcp)
		d->times.proxy_ms = begin - tcp;
}

/* libcurl's own words, but not where they tell the time: the same reason is to read the same. */
static const char *
words_of(const struct cw_dial *d, CURLcode code)
{
	long e = 0;

	if (code == CURLE_OPERATION_TIMEDOUT)
		return "no answer in time";
	if (code == CURLE_COULDNT_CONNECT &&
	    curl_easy_getinfo(d->curl, CURLINFO_OS_ERRNO, &e) == CURLE_OK && e != 0)
		return uv_strerror(uv_translate_sys_error((int)e));
	return d->detail[0] != '\0' ? d->detail : curl_easy_strerror(code);
}

static void
note_result(struct cw_dial *d, CURLcode code)
{
	const char *why;

	note_times(d);
	if (code == CURLE_OK) {
		d->hop = CW_HOP_WIRE;
		return;
	}
	d->hop = hop_of(d, code);
	why = d->verify[0] != '\0' ? d->verify : words_of(d, code);
	if (strchr(why, '@') !=
	    NULL) /* libcurl repeats a URL that it does not like, password too */
		why = "the proxy's URL is not one that can be used";
	d->code = d->hop == CW_HOP_TLS         ? CW_EAUTH
	    : code == CURLE_OPERATION_TIMEDOUT ? CW_ETIMEOUT
					       : CW_EUNAVAILABLE;
	(void)cw_fail(&d->err, d->code, "cannot connect to %s:%u: %s", d->host, d->port, why);
}

/* libcurl on the loop. */

struct cw_dial_watch {
	struct cw_dial_watch *next;
	struct cw_dial *dial;
	curl_socket_t socket;
	uv_poll_t poll;
};

static void
handle_gone(struct cw_dial *d)
{
	if (--d->handles == 0 && d->stopped)
		d->gone(d->arg);
}

static void
watch_closed(uv_handle_t *handle)
{
	struct cw_dial_watch *w = handle->data;
	struct cw_dial *d = w->dial;

	free(w);
	handle_gone(d);
}

static void
timer_closed(uv_handle_t *handle)
{
	handle_gone(handle->data);
}

static void
unwatch(struct cw_dial *d, curl_socket_t socket)
{
	struct cw_dial_watch **at = &d->watches, *w;

	while (*at != NULL && (*at)->socket != socket)
		at = &(*at)->next;
	if ((w = *at) == NULL)
		return;
	*at = w->next;
	(void)uv_poll_stop(&w->poll); /* now: libcurl may close the socket next */
	uv_close((uv_handle_t *)&w->poll, watch_closed);
}

/* Lets libcurl go on, then looks whether it came to an end. */
static void
go_on(struct cw_dial *d, curl_socket_t socket, int events)
{
	CURLMsg *message;
	int left;

	if (curl_multi_socket_action(d->multi, socket, events, &left) != CURLM_OK && !d->finished) {
		d->finished = true;
		note_result(d, CURLE_OUT_OF_MEMORY);
		d->done(d->arg);
		return;
	}
	message = d->finished ? NULL : curl_multi_info_read(d->multi, &left);
	if (message != NULL && message->msg == CURLMSG_DONE) {
		d->finished = true;
		note_result(d, message->data.result);
		d->done(d->arg);
	}
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	struct cw_dial_watch *w = poll->data;

	go_on(w->dial, w->socket,
	    status < 0 ? CURL_CSELECT_ERR
		       : ((events & UV_READABLE) != 0 ? CURL_CSELECT_IN : 0) |
		    ((events & UV_WRITABLE) != 0 ? CURL_CSELECT_OUT : 0));
}

static int
on_socket(CURL *curl, curl_socket_t socket, int what, void *arg, void *socket_arg)
{
	struct cw_dial *d = arg;
	struct cw_dial_watch *w = d->watches;

	(void)curl;
	(void)socket_arg;
	if (what == CURL_POLL_REMOVE) {
		unwatch(d, socket);
		return 0;
	}
	if (d->stopped)
		return 0;
	while (w != NULL && w->socket != socket)
		w = w->next;
	if (w == NULL) {
		if ((w = calloc(1, sizeof(*w))) == NULL ||
		    uv_poll_init_socket(d->loop, &w->poll, socket) != 0) {
			free(w);
			return -1;
		}
		w->dial = d;
		w->socket = socket;
		w->poll.data = w;
		w->next = d->watches;
		d->watches = w;
		d->handles++;
	}
	return uv_poll_start(&w->poll,
		   ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
		       ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0),
		   on_ready) == 0
	    ? 0
	    : -1;
}

static void
timer_due(uv_timer_t *timer)
{
	go_on(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct cw_dial *d = arg;

	(void)multi;
	if (d->stopped)
		return 0;
	if (timeout_ms < 0)
		uv_timer_stop(&d->timer);
	else
		uv_timer_start(&d->timer, timer_due, (uint64_t)timeout_ms, 0);
	return 0;
}

int
cw_dial_start(struct cw_dial *d)
{
	if ((d->curl = curl_easy_init()) == NULL || (d->multi = curl_multi_init()) == NULL ||
	    set_options(d) < 0 ||
	    curl_multi_setopt(d->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
	    curl_multi_setopt(d->multi, CURLMOPT_SOCKETDATA, d) != CURLM_OK ||
	    curl_multi_setopt(d->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
	    curl_multi_setopt(d->multi, CURLMOPT_TIMERDATA, d) != CURLM_OK)
		return CW_ENOMEM;
	d->timer.data = d;
	d->start_ns = cw_clock_ns();
	uv_timer_init(d->loop, &d->timer);
	d->handles = 1;
	/* It only asks for the timer here; all else is done from the loop. */
	if (curl_multi_add_handle(d->multi, d->curl) != CURLM_OK) {
		d->code = CW_ENOMEM;
		uv_timer_start(&d->timer, timer_due, 0, 0);
	}
	return CW_OK;
}

void
cw_dial_stop(struct cw_dial *d)
{
	if (d->stopped)
		return;
	d->stopped = true;
	if (!d->finished || d->code < 0)
		(void)curl_multi_remove_handle(d->multi, d->curl);
	d->finished = true;
	while (d->watches != NULL)
		unwatch(d, d->watches->socket);
	uv_close((uv_handle_t *)&d->timer, timer_closed);
}
